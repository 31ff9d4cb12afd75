/// A set of numbers of which many are consecutive, such as socket cookies and inodes.
///
/// It is an open-addressing hash table, at most half full. Each slot holds 64 consecutive numbers,
/// so a million sockets take a few hundred KiB.
public struct SparseSet: Sendable {
  /// The number of members.
  public private(set) var count = 0

  private var slots = [Slot](repeating: Slot(), count: 16)
  private var usedSlots = 0

  private struct Slot {
    /// The members without their last 6 bits; `UInt64.max`, which no number has, in a free slot.
    var prefix = UInt64.max
    /// A bit for each of the 64 numbers with this prefix.
    var members: UInt64 = 0
  }

  /// An empty set.
  public init() {}

  /// Whether `number` is in the set.
  public func contains(_ number: UInt64) -> Bool {
    slots[slot(of: number >> 6)].members & number.bit != 0
  }

  /// Adds `number`.
  ///
  /// - Returns: whether it was not in the set before.
  @discardableResult
  public mutating func insert(_ number: UInt64) -> Bool {
    let slot = slot(of: number >> 6)
    guard slots[slot].members & number.bit == 0 else { return false }
    slots[slot].members |= number.bit
    count += 1
    guard slots[slot].prefix == .max else { return true }
    slots[slot].prefix = number >> 6
    usedSlots += 1
    if usedSlots * 2 > slots.count { grow() }
    return true
  }

  /// Removes `number`.
  public mutating func remove(_ number: UInt64) {
    let slot = slot(of: number >> 6)
    guard slots[slot].members & number.bit != 0 else { return }
    slots[slot].members &= ~number.bit
    count -= 1
  }

  /// The slot with this prefix, or the free slot for it.
  private func slot(of prefix: UInt64) -> Int {
    OpenAddressing.slot(of: prefix, among: slots.count) {
      slots[$0].prefix == prefix || slots[$0].prefix == .max
    }
  }

  private mutating func grow() {
    let full = slots
    slots = [Slot](repeating: Slot(), count: full.count * 2)
    for slot in full where slot.prefix != .max { slots[self.slot(of: slot.prefix)] = slot }
  }
}

extension UInt64 {
  /// The bit of the number in its slot of a ``SparseSet``.
  fileprivate var bit: UInt64 { 1 << (self & 63) }
}

/// Open addressing with linear probing, for tables whose size is a power of 2.
public enum OpenAddressing {
  /// The slot at which the search for `key` starts.
  ///
  /// The multiplication (by 2^64 over the golden ratio, as Knuth suggests) spreads consecutive keys.
  @inlinable
  public static func firstSlot(of key: UInt64, among count: Int) -> Int {
    let mixed = key &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed ^ mixed >> 32) & (count - 1)
  }

  /// The slot of `key`, or the free slot for it.
  ///
  /// - Parameter isSuitable: whether a slot is free or has the key. One slot at least must be free.
  @inlinable
  public static func slot(of key: UInt64, among count: Int, where isSuitable: (Int) -> Bool) -> Int
  {
    var slot = firstSlot(of: key, among: count)
    while !isSuitable(slot) { slot = (slot + 1) & (count - 1) }
    return slot
  }
}
