/// The inodes of sockets that are looked for: some, or every one there is.
///
/// A table with open addressing: four octets a slot, and at most half of the slots in use.
public struct InodeSet: Sendable {
  /// The inode of every socket.
  public static let everySocket = InodeSet(isEverySocket: true)

  /// Whether the set is ``everySocket``.
  public let isEverySocket: Bool
  /// How many inodes the set names; 0 for ``everySocket``, which names none.
  public private(set) var count = 0

  /// A slot is free while it is 0, which is no socket's inode. Their number is a power of 2.
  private var slots: [UInt32]

  private init(isEverySocket: Bool) {
    self.isEverySocket = isEverySocket
    slots = []
  }

  /// The empty set, with room for `capacity` inodes.
  public init(minimumCapacity capacity: Int = 0) {
    isEverySocket = false
    slots = Self.freeSlots(for: capacity)
  }

  /// The set of `inodes`.
  public init(_ inodes: some Sequence<UInt32>) {
    self.init(minimumCapacity: inodes.underestimatedCount)
    for inode in inodes { insert(inode) }
  }

  /// Whether no socket is looked for.
  public var isEmpty: Bool { count == 0 && !isEverySocket }

  /// Whether the set holds `inode`. No set holds 0: a socket with it has no owner.
  public func contains(_ inode: UInt32) -> Bool {
    guard inode != 0 else { return false }
    return isEverySocket || slots[slot(of: inode)] == inode
  }

  /// Adds `inode`; 0 is not added.
  public mutating func insert(_ inode: UInt32) {
    guard inode != 0, !isEverySocket else { return }
    let place = slot(of: inode)
    guard slots[place] != inode else { return }
    slots[place] = inode
    count += 1
    if count * 2 > slots.count { grow() }
  }

  /// The named inodes that none of `holders` has; none of ``everySocket``, which names none.
  func withoutThose(of holders: [SocketHolder]) -> InodeSet {
    var rest = InodeSet()
    guard !isEverySocket else { return rest }
    var isFound = [Bool](repeating: false, count: slots.count)
    for holder in holders {
      for socket in holder.sockets where socket.inode != 0 {
        isFound[slot(of: socket.inode)] = true
      }
    }
    for (slot, inode) in slots.enumerated() where inode != 0 && !isFound[slot] {
      rest.insert(inode)
    }
    return rest
  }

  /// Where `inode` is, or the free slot where it would be put.
  private func slot(of inode: UInt32) -> Int {
    let mask = slots.count - 1
    var place = inode.spread & mask
    while slots[place] != 0, slots[place] != inode { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let full = slots
    slots = Self.freeSlots(for: full.count)
    for inode in full where inode != 0 { slots[slot(of: inode)] = inode }
  }

  /// Slots for a table with open addressing of `capacity` inodes: at least twice as many.
  static func freeSlots(for capacity: Int) -> [UInt32] {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    return [UInt32](repeating: 0, count: size)
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
}
