import Glibc

/// Limits the processor time of the live view: scans that take long are further apart.
package struct ScanPace {
  /// The maximum share of one processor core.
  package static let maximumShare = 0.1

  /// When the last scan began, and the processor time until then; nil before the first.
  private var last: (begin: ContinuousClock.Instant, used: Duration)?

  package init() {}

  /// Notes the begin of a scan, when the process has `used` this much processor time.
  package mutating func begin(at time: ContinuousClock.Instant, used: Duration) {
    last = (time, used)
  }

  /// When the next scan may begin; nil if it may begin now.
  package func next(interval: Duration, used: Duration) -> ContinuousClock.Instant? {
    last.map { $0.begin + max(interval, stretched(used)) }
  }

  /// The time between scans, if the limit makes it notably longer than `interval`.
  package func pace(interval: Duration, used: Duration) -> Duration? {
    let pace = stretched(used)
    return pace > interval * 1.1 ? pace : nil
  }

  private func stretched(_ used: Duration) -> Duration {
    last.map { (used - $0.used) / Self.maximumShare } ?? .zero
  }

  /// The processor time that this process has used, in all threads.
  package static var used: Duration {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return .zero }
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }
}
