import Operations
package import Screens

/// Tells a deliberate answer to a question from keys that were typed ahead and from pasted text.
///
/// A terminal need not mark pasted text: it then comes as keys, many at once. So a key counts only if
/// the question has been on the screen for a moment, and nothing was entered shortly before; and
/// `y`, on which connections are closed, only if nothing follows it either.
package struct TopConfirmation {
  /// How long a question is on the screen before it can be answered: less than it takes to read it.
  static let leastShown = Duration.milliseconds(250)
  /// How long nothing may have been entered before an answer.
  static let quietBefore = Duration.milliseconds(150)
  /// How long nothing may be entered after `y`.
  static let quietAfter = Duration.milliseconds(100)

  private let shown: ContinuousClock.Instant
  private var lastInput: ContinuousClock.Instant?
  /// When `y` was entered, which still has to prove to be alone.
  private var answered: ContinuousClock.Instant?

  /// A question that is on the screen since then.
  package init(shownAt time: ContinuousClock.Instant) {
    shown = time
  }

  /// What is to be done with what was entered.
  package enum Decision: Equatable {
    /// Take this key.
    case take(ScreenKey)
    /// Wait whether something follows; see ``deadline``.
    case wait
    /// It is no answer.
    case ignore
  }

  /// Decides on `inputs`, which were waiting together.
  package mutating func decide(_ inputs: [ScreenInput], at now: ContinuousClock.Instant) -> Decision
  {
    defer { lastInput = now }
    let wasWaiting = answered != nil
    answered = nil
    guard inputs.count == 1, case .key(let key)? = inputs.first, !wasWaiting,
      now - shown >= Self.leastShown, lastInput.map({ now - $0 >= Self.quietBefore }) ?? true
    else { return .ignore }
    guard key == "y" || key == "Y" else { return .take(key) }
    answered = now
    return .wait
  }

  /// When an answer that is waited for counts; nil when there is none.
  package var deadline: ContinuousClock.Instant? { answered.map { $0 + Self.quietAfter } }

  /// Takes the answer that nothing has followed until `now`.
  ///
  /// - Returns: whether there is one.
  mutating func takeAnswer(at now: ContinuousClock.Instant) -> Bool {
    guard let deadline, now >= deadline else { return false }
    answered = nil
    return true
  }
}
