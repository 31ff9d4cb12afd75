/// The inodes of the wanted sockets: some, or every one.
///
/// It is a hash table with open addressing, at most half full. Each slot covers 32 consecutive
/// inodes. The kernel assigns inodes in sequence, so the sockets of a machine lie close together. A
/// million of them fit into a few hundred KiB.
public struct InodeSet: Sendable {
  /// The inode of every socket.
  public static let everySocket = InodeSet(isEverySocket: true)

  /// Whether the set is ``everySocket``.
  public let isEverySocket: Bool
  /// The number of inodes in the set; 0 for ``everySocket``, which lists none.
  public private(set) var count = 0

  /// The number of slots is a power of 2.
  private var slots = [Run](repeating: Run(), count: 16)
  private var usedSlots = 0

  /// A run of 32 inodes, and which of them are in the set.
  private struct Run {
    /// The inodes without their last 5 bits. The value of a free slot matches no inode.
    var start = UInt32.max
    /// One bit for each inode.
    var members: UInt32 = 0

    var isFree: Bool { start == .max }
  }

  private init(isEverySocket: Bool) { self.isEverySocket = isEverySocket }

  /// The empty set.
  public init() { self.init(isEverySocket: false) }

  /// The set of `inodes`.
  public init(_ inodes: some Sequence<UInt32>) {
    self.init()
    for inode in inodes { insert(inode) }
  }

  /// Whether no socket is wanted.
  public var isEmpty: Bool { count == 0 && !isEverySocket }

  /// Whether the set contains `inode`. No set contains 0: a socket with inode 0 has no owner.
  public func contains(_ inode: UInt32) -> Bool {
    guard inode != 0 else { return false }
    return isEverySocket || slots[slot(of: inode.run)].members & inode.bit != 0
  }

  /// Adds `inode`; ignores 0.
  public mutating func insert(_ inode: UInt32) {
    guard inode != 0, !isEverySocket else { return }
    let index = slot(of: inode.run)
    if slots[index].isFree {
      slots[index].start = inode.run
      usedSlots += 1
    }
    guard slots[index].members & inode.bit == 0 else { return }
    slots[index].members |= inode.bit
    count += 1
    if usedSlots * 2 > slots.count { grow() }
  }

  /// The listed inodes that none of `holders` has; empty for ``everySocket``, which lists none.
  func withoutThose(of holders: [SocketHolder]) -> InodeSet {
    var rest = isEverySocket ? InodeSet() : self
    for holder in holders {
      for socket in holder.sockets { rest.remove(socket.inode) }
    }
    return rest
  }

  private mutating func remove(_ inode: UInt32) {
    let index = slot(of: inode.run)
    guard slots[index].members & inode.bit != 0 else { return }
    slots[index].members &= ~inode.bit
    count -= 1
  }

  /// The slot of the run that begins with `start`, or the free slot for it.
  private func slot(of start: UInt32) -> Int {
    let mask = slots.count - 1
    var index = start.spread & mask
    while !slots[index].isFree, slots[index].start != start { index = (index + 1) & mask }
    return index
  }

  private mutating func grow() {
    let full = slots
    slots = [Run](repeating: Run(), count: full.count * 2)
    for run in full where !run.isFree { slots[slot(of: run.start)] = run }
  }
}

extension UInt32 {
  /// A hash of the number, for a table with open addressing.
  ///
  /// Inodes come in runs. The multiplication by 2^32 over the golden ratio (Knuth) spreads them.
  var spread: Int {
    let mixed = self &* 0x9e37_79b1
    return Int(mixed ^ mixed >> 15)
  }

  /// For an inode: its run in an ``InodeSet``.
  fileprivate var run: UInt32 { self >> 5 }

  /// For an inode: its bit in that run.
  fileprivate var bit: UInt32 { 1 << (self & 31) }
}
