/// Decides before each closing whether a run may continue, and waits as long as its rate requires.
///
/// The caller passes in the clock, so tests need not wait.
public struct ClosingPace {
  private let timeout: Duration?
  private let rate: (Plan.Step) -> Int?
  let elapsed: () -> Duration
  private let sleep: (Duration) -> Void
  private let interruption: (Plan.Step) -> StopReason?
  /// When the last closing was due; nil before the first.
  private var lastDue: Duration?

  /// The longest time between two checks for an interruption.
  static let longestSleep = Duration.milliseconds(50)
  /// How late a closing may be without delaying the next one. This keeps a high rate although the
  /// system wakes the run late, and limits the length of a burst.
  static let tolerance = Duration.milliseconds(10)

  /// - Parameters:
  ///   - timeout: the time since the beginning of the run after which nothing more is closed.
  ///   - rate: the maximum number of closings per second, for the policy of a step; nil for no limit.
  ///   - elapsed: the time since the run began.
  ///   - interruption: why the run has to stop before this step; nil if it may continue.
  public init(
    timeout: Duration? = nil, rate: @escaping (Plan.Step) -> Int? = { _ in nil },
    elapsed: @escaping () -> Duration, sleep: @escaping (Duration) -> Void,
    interruption: @escaping (Plan.Step) -> StopReason? = { _ in nil }
  ) {
    self.timeout = timeout
    self.rate = rate
    self.elapsed = elapsed
    self.sleep = sleep
    self.interruption = interruption
  }

  /// Whether time may pass before the closing of `step`.
  func isPaced(_ step: Plan.Step) -> Bool { rate(step) != nil }

  /// Waits until `step` may be done.
  ///
  /// - Returns: why neither it nor any later step may be done; nil if it may.
  public mutating func reasonToStop(before step: Plan.Step) -> StopReason? {
    let interval = rate(step).map { Duration.seconds(1) / max($0, 1) }
    let due = lastDue.flatMap { last in interval.map { last + $0 } } ?? .zero
    while true {
      if let reason = interruption(step) { return reason }
      let now = elapsed()
      if let timeout, max(now, due) >= timeout { return .timeoutReached }
      guard now < due else {
        lastDue = interval == nil ? now : max(due, now - Self.tolerance)
        return nil
      }
      sleep(min(due - now, Self.longestSleep))
    }
  }

  /// Why `step`, for which the run has waited already, may not be done after all.
  func reasonToStop(now step: Plan.Step) -> StopReason? {
    if let reason = interruption(step) { return reason }
    return timeout.map { elapsed() >= $0 } == true ? .timeoutReached : nil
  }
}
