/// The inodes of sockets that are looked for: some, or every one there is.
///
/// A table with open addressing, at most half full, of which each slot is for 32 inodes that follow each
/// other: the kernel counts them up, so that those of a machine's sockets lie close together, and a
/// million of them in a few hundred KiB.
public struct InodeSet: Sendable {
  /// The inode of every socket.
  public static let everySocket = InodeSet(isEverySocket: true)

  /// Whether the set is ``everySocket``.
  public let isEverySocket: Bool
  /// How many inodes the set names; 0 for ``everySocket``, which names none.
  public private(set) var count = 0

  /// Their number is a power of 2.
  private var slots = [Run](repeating: Run(), count: 16)
  private var usedSlots = 0

  /// Those of 32 inodes that are in the set.
  private struct Run {
    /// All but the last 5 bits of the inodes; no inode has that of a slot that is free.
    var start = UInt32.max
    /// A bit for each.
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

  /// Whether no socket is looked for.
  public var isEmpty: Bool { count == 0 && !isEverySocket }

  /// Whether the set holds `inode`. No set holds 0: a socket with it has no owner.
  public func contains(_ inode: UInt32) -> Bool {
    guard inode != 0 else { return false }
    return isEverySocket || slots[slot(of: inode.run)].members & inode.bit != 0
  }

  /// Adds `inode`; 0 is not added.
  public mutating func insert(_ inode: UInt32) {
    guard inode != 0, !isEverySocket else { return }
    let place = slot(of: inode.run)
    if slots[place].isFree {
      slots[place].start = inode.run
      usedSlots += 1
    }
    guard slots[place].members & inode.bit == 0 else { return }
    slots[place].members |= inode.bit
    count += 1
    if usedSlots * 2 > slots.count { grow() }
  }

  /// The named inodes that none of `holders` has; none of ``everySocket``, which names none.
  func withoutThose(of holders: [SocketHolder]) -> InodeSet {
    var rest = isEverySocket ? InodeSet() : self
    for holder in holders {
      for socket in holder.sockets { rest.remove(socket.inode) }
    }
    return rest
  }

  private mutating func remove(_ inode: UInt32) {
    let place = slot(of: inode.run)
    guard slots[place].members & inode.bit != 0 else { return }
    slots[place].members &= ~inode.bit
    count -= 1
  }

  /// Where the run that begins with `start` is, or the free slot where it would be put.
  private func slot(of start: UInt32) -> Int {
    let mask = slots.count - 1
    var place = start.spread & mask
    while !slots[place].isFree, slots[place].start != start { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let full = slots
    slots = [Run](repeating: Run(), count: full.count * 2)
    for run in full where !run.isFree { slots[slot(of: run.start)] = run }
  }
}

extension UInt32 {
  /// The number as a place to start from in a table with open addressing.
  ///
  /// Inodes come in runs; the multiplication (Knuth's, by 2^32 over the golden ratio) spreads them.
  var spread: Int {
    let mixed = self &* 0x9e37_79b1
    return Int(mixed ^ mixed >> 15)
  }

  /// As an inode: which run of an ``InodeSet`` it is in.
  fileprivate var run: UInt32 { self >> 5 }

  /// As an inode: its bit in that run.
  fileprivate var bit: UInt32 { 1 << (self & 31) }
}
