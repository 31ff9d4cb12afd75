import Connections

/// The cookies of the sockets that were listed so far.
///
/// A table with open addressing, at most half full, of which each slot is for 64 cookies that follow
/// each other: the kernel counts cookies up, so that those of a machine's sockets lie close together,
/// and a million of them in a few hundred KiB.
struct CookieSet {
  /// Their number is a power of 2.
  private var slots = [Run](repeating: Run(), count: 16)
  private var usedSlots = 0

  /// Those of 64 cookies that are in the set.
  private struct Run {
    /// All but the last 6 bits of the cookies.
    var start: UInt64 = 0
    /// A bit for each; none in a slot that is free.
    var members: UInt64 = 0
  }

  init() {}

  init(_ cookies: some Sequence<SocketCookie>) {
    for cookie in cookies { insert(cookie) }
  }

  /// Adds `cookie`.
  ///
  /// - Returns: whether it was not in the set before.
  @discardableResult
  mutating func insert(_ cookie: SocketCookie) -> Bool {
    let start = cookie.rawValue >> 6
    let member: UInt64 = 1 << (cookie.rawValue & 63)
    let place = slot(of: start)
    guard slots[place].members & member == 0 else { return false }
    if slots[place].members == 0 { usedSlots += 1 }
    slots[place].start = start
    slots[place].members |= member
    if usedSlots * 2 > slots.count { grow() }
    return true
  }

  /// Where the run that begins with `start` is, or the free slot where it would be put.
  ///
  /// The multiplication (Knuth's, by 2^64 over the golden ratio) spreads runs that follow each other.
  private func slot(of start: UInt64) -> Int {
    let mask = slots.count - 1
    let mixed = start &* 0x9e37_79b9_7f4a_7c15
    var place = Int(truncatingIfNeeded: mixed ^ mixed >> 32) & mask
    while slots[place].members != 0, slots[place].start != start { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let full = slots
    slots = [Run](repeating: Run(), count: full.count * 2)
    for run in full where run.members != 0 { slots[slot(of: run.start)] = run }
  }
}
