package import Connections
package import Rendering
import Scanning

/// Idle times of connections in the buckets of a Prometheus histogram.
package struct IdleHistogram: Equatable {
  /// The upper bounds of the buckets, in seconds.
  package static let bounds: [UInt64] = [1, 10, 60, 300, 900, 3600, 14_400, 86_400, 604_800]

  /// Connections within each bound, cumulative.
  package private(set) var counts = [Int](repeating: 0, count: bounds.count)
  /// Connections with a known idle time.
  package private(set) var total = 0
  /// The sum of the idle times, in milliseconds.
  package private(set) var sum: UInt64 = 0

  package init(_ connections: some Sequence<Connection>) {
    for idle in connections.lazy.compactMap(\.idle) {
      total += 1
      sum += UInt64(idle)
      for (index, bound) in Self.bounds.enumerated() where UInt64(idle) <= bound * 1000 {
        counts[index] += 1
      }
    }
  }

  /// Connections idle for at most `seconds`, which is one of ``bounds``.
  package func within(seconds: UInt64) -> Int {
    Self.bounds.firstIndex(of: seconds).map { counts[$0] } ?? total
  }

  /// One bucket, not cumulative.
  package struct Bucket: Equatable {
    /// The upper bound, such as `1h`; `>7d` for the last bucket.
    package let name: String
    package let count: Int
    /// Whether all of its connections have been idle for more than an hour.
    package let isLong: Bool
  }

  /// The buckets, shortest first.
  package var buckets: [Bucket] {
    var before = 0
    var buckets: [Bucket] = []
    for (bound, count) in zip(Self.bounds, counts) {
      buckets.append(
        Bucket(
          name: "\(DurationText.exact(milliseconds: bound * 1000))", count: count - before,
          isLong: bound > 3600))
      before = count
    }
    let longest = DurationText.exact(milliseconds: (Self.bounds.last ?? 0) * 1000)
    buckets.append(Bucket(name: ">\(longest)", count: total - before, isLong: true))
    return buckets
  }

  package func write(_ name: String, to text: inout PrometheusText) {
    text.family(
      name, .histogram, "Time without payload in either direction, where known.")
    for (bound, count) in zip(Self.bounds, counts) {
      text.sample("\(name)_bucket", count, [("le", "\(bound)")])
    }
    text.sample("\(name)_bucket", total, [("le", "+Inf")])
    text.sample("\(name)_sum", Double(sum) / 1000)
    text.sample("\(name)_count", total)
  }
}
