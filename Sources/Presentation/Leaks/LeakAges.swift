/// The ages of leaked connections, which show how fast their number grows.
package struct LeakAges: Equatable, Sendable {
  /// The least and the greatest time since each connection leaked, in milliseconds.
  private var bounds: [(least: UInt32, most: UInt32)] = []

  package init() {}

  package static func == (lhs: LeakAges, rhs: LeakAges) -> Bool {
    lhs.bounds.elementsEqual(rhs.bounds) { $0 == $1 }
  }

  /// The number of connections.
  package var count: Int { bounds.count }

  /// Adds a connection; longer times than 49.7 days count as that.
  package mutating func add(least: UInt64, most: UInt64?) {
    let least = UInt32(clamping: least)
    bounds.append((least, max(least, most.map { UInt32(clamping: $0) } ?? .max)))
  }

  package mutating func add(_ other: LeakAges) { bounds += other.bounds }

  /// The least and the greatest time since the first connection leaked, in milliseconds.
  package var longest: ClosedRange<UInt64>? {
    guard let least = bounds.lazy.map(\.least).max(), let most = bounds.lazy.map(\.most).max()
    else { return nil }
    return UInt64(least)...UInt64(most)
  }

  /// The difference between two bounds that does not matter to a reader: two seconds.
  private static let precision: UInt32 = 2000

  /// The growth during the last hour or, if the first connection leaked less than two hours ago,
  /// the second half of that time; nil if unknown.
  ///
  /// A burst at the start is no growth. A connection whose greatest age is outside that time may be
  /// older, so it does not count, and the growth is a lower bound.
  ///
  /// - Parameter minimum: the age from which a connection counts as leaked, in milliseconds.
  package func growth(of minimum: UInt64) -> LeakGrowth? {
    guard bounds.count > 1, let first = longest?.lowerBound, first >= minimum + Self.leastTime
    else { return nil }
    let time = min((first - minimum) / 2, Self.window)
    let start = minimum + time
    let possible = bounds.count { UInt64($0.least) < start }
    let certain = bounds.count {
      UInt64($0.most) < start + UInt64(Self.precision) && UInt64($0.least) < start
    }
    guard certain > 0 || possible == 0 else { return nil }
    return LeakGrowth(
      perHour: Double(certain) * 3_600_000 / Double(time), isLowerBound: certain < possible,
      basis: .ages, time: time)
  }

  /// The shortest time that shows a growth: ten seconds.
  private static let leastTime: UInt64 = 10_000
  /// The longest time to measure: an hour.
  private static let window: UInt64 = 3_600_000
}
