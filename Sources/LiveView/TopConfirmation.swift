import Operations
package import Screens

/// Distinguishes a deliberate answer to a question from typed-ahead keys and pasted text.
///
/// Not every terminal marks pasted text, which then arrives as a burst of keys. A key counts only
/// if the question has been visible for a moment and no input came shortly before. `y`, which
/// closes connections, must also have no input shortly after it.
package struct TopConfirmation {
  /// The minimum time a question is visible before it accepts an answer; shorter than reading it.
  static let minimumShown = Duration.milliseconds(250)
  /// The minimum time without input before an answer.
  static let quietBefore = Duration.milliseconds(150)
  /// The minimum time without input after `y`.
  static let quietAfter = Duration.milliseconds(100)

  private let shown: ContinuousClock.Instant
  private var lastInput: ContinuousClock.Instant?
  /// When `y` was entered, until ``quietAfter`` has passed.
  private var answered: ContinuousClock.Instant?

  /// A question that became visible at `time`.
  package init(shownAt time: ContinuousClock.Instant) {
    shown = time
  }

  /// What to do with some input.
  package enum Decision: Equatable {
    /// Accept this key.
    case take(ScreenKey)
    /// Wait for input to follow until ``deadline``.
    case wait
    /// Not an answer.
    case ignore
  }

  /// Decides about `inputs`, which arrived together.
  package mutating func decide(_ inputs: [ScreenInput], at now: ContinuousClock.Instant) -> Decision
  {
    defer { lastInput = now }
    let wasWaiting = answered != nil
    answered = nil
    guard inputs.count == 1, case .key(let key)? = inputs.first, !wasWaiting,
      now - shown >= Self.minimumShown, lastInput.map({ now - $0 >= Self.quietBefore }) ?? true
    else { return .ignore }
    guard key == "y" || key == "Y" else { return .take(key) }
    answered = now
    return .wait
  }

  /// When the pending `y` becomes an answer; nil if none is pending.
  package var deadline: ContinuousClock.Instant? { answered.map { $0 + Self.quietAfter } }

  /// Accepts the pending `y` if no input has followed it.
  ///
  /// - Returns: whether it was accepted.
  mutating func takeAnswer(at now: ContinuousClock.Instant) -> Bool {
    guard let deadline, now >= deadline else { return false }
    answered = nil
    return true
  }
}
