/// Says before each closing whether a run may go on, and waits as long as its rate wants.
///
/// Time comes from outside, as what has passed since the run began, so that tests need not wait.
public struct Supervision {
  private let timeout: Duration?
  private let rate: (Plan.Step) -> Int?
  private let elapsed: () -> Duration
  private let sleep: (Duration) -> Void
  private let interruption: () -> StopReason?
  /// When the last closing was due; nil before the first.
  private var lastDue: Duration?

  /// How long it waits at most before it looks for an interruption again.
  static let longestSleep = Duration.milliseconds(50)
  /// By how much it may be late and still catch up, which lets it keep a high rate although the
  /// system wakes it late. It is also the length of the longest burst.
  static let tolerance = Duration.milliseconds(10)

  /// - Parameters:
  ///   - timeout: the time from the beginning of the run after which nothing more is closed.
  ///   - rate: the greatest number of closings in a second, for the policy of a step; nil for as
  ///     many as there can be.
  ///   - elapsed: the time since the run began.
  ///   - interruption: why the run has to stop now; nil when it does not.
  public init(
    timeout: Duration? = nil, rate: @escaping (Plan.Step) -> Int? = { _ in nil },
    elapsed: @escaping () -> Duration, sleep: @escaping (Duration) -> Void,
    interruption: @escaping () -> StopReason? = { nil }
  ) {
    self.timeout = timeout
    self.rate = rate
    self.elapsed = elapsed
    self.sleep = sleep
    self.interruption = interruption
  }

  /// Waits until `step` may be done.
  ///
  /// - Returns: why it must not, nor any after it; nil when it may.
  public mutating func reasonToStop(before step: Plan.Step) -> StopReason? {
    let interval = rate(step).map { Duration.seconds(1) / max($0, 1) }
    let due = lastDue.flatMap { last in interval.map { last + $0 } } ?? .zero
    while true {
      if let reason = interruption() { return reason }
      let now = elapsed()
      if let timeout, max(now, due) >= timeout { return .timeIsUp }
      guard now < due else {
        lastDue = interval == nil ? now : max(due, now - Self.tolerance)
        return nil
      }
      sleep(min(due - now, Self.longestSleep))
    }
  }
}
