import Connections

/// A set of socket cookies.
///
/// It is a hash table with open addressing, at most half full. Each slot covers 64 consecutive
/// cookies. The kernel assigns cookies in sequence, so a million of them take a few hundred KiB.
struct CookieSet {
  /// The slots; their number is a power of 2.
  private var slots = [Run](repeating: Run(), count: 16)
  private var usedSlots = 0

  /// The members among 64 consecutive cookies.
  private struct Run {
    /// The cookies without their lowest 6 bits.
    var start: UInt64 = 0
    /// One bit per cookie; 0 in a free slot.
    var members: UInt64 = 0
  }

  init() {}

  init(_ cookies: some Sequence<SocketCookie>) {
    for cookie in cookies { insert(cookie) }
  }

  /// Adds `cookie`.
  ///
  /// - Returns: whether it was newly inserted.
  @discardableResult
  mutating func insert(_ cookie: SocketCookie) -> Bool {
    let start = cookie.rawValue >> 6
    let member: UInt64 = 1 << (cookie.rawValue & 63)
    let index = slot(of: start)
    guard slots[index].members & member == 0 else { return false }
    if slots[index].members == 0 { usedSlots += 1 }
    slots[index].start = start
    slots[index].members |= member
    if usedSlots * 2 > slots.count { grow() }
    return true
  }

  /// The slot of the run that begins with `start`, or the free slot for it.
  ///
  /// Knuth's multiplicative hash (2^64 over the golden ratio) spreads consecutive runs.
  private func slot(of start: UInt64) -> Int {
    let mask = slots.count - 1
    let mixed = start &* 0x9e37_79b9_7f4a_7c15
    var index = Int(truncatingIfNeeded: mixed ^ mixed >> 32) & mask
    while slots[index].members != 0, slots[index].start != start { index = (index + 1) & mask }
    return index
  }

  private mutating func grow() {
    let old = slots
    slots = [Run](repeating: Run(), count: old.count * 2)
    for run in old where run.members != 0 { slots[slot(of: run.start)] = run }
  }
}
