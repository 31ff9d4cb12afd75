import Operations
package import Screens

/// Distinguishes a deliberate answer to a question from typed-ahead keys and pasted text.
///
/// Not every terminal marks pasted text, which then arrives as a burst of keys. A key counts only
/// if the question has been visible for a moment and no input came shortly before. `y`, which
/// closes connections, must also have no input shortly after it. So must the Enter after a typed
/// number, whose digits must arrive one by one.
package struct TopConfirmation {
  /// The minimum time a question is visible before it accepts an answer; shorter than reading it.
  static let minimumShown = Duration.milliseconds(250)
  /// The minimum time without input before an answer.
  static let quietBefore = Duration.milliseconds(150)
  /// The minimum time without input after `y`.
  static let quietAfter = Duration.milliseconds(100)

  private let shown: ContinuousClock.Instant
  private var lastInput: ContinuousClock.Instant?
  /// Whether a number is typed and Enter ends it; otherwise `y` is the answer.
  private let asksForNumber: Bool
  /// The answer, and when it was entered, until ``quietAfter`` has passed.
  private var answered: (key: ScreenKey, time: ContinuousClock.Instant)?

  /// A question that became visible at `time`.
  package init(shownAt time: ContinuousClock.Instant, asksForNumber: Bool = false) {
    shown = time
    self.asksForNumber = asksForNumber
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
    // The digits of a number follow each other more quickly.
    let isQuiet = asksForNumber || (lastInput.map { now - $0 >= Self.quietBefore } ?? true)
    guard inputs.count == 1, case .key(let key)? = inputs.first, !wasWaiting,
      now - shown >= Self.minimumShown, isQuiet
    else { return .ignore }
    guard asksForNumber ? key == .enter : key == "y" || key == "Y" else { return .take(key) }
    answered = (key, now)
    return .wait
  }

  /// When the pending answer counts; nil if none is pending.
  package var deadline: ContinuousClock.Instant? { answered.map { $0.time + Self.quietAfter } }

  /// Takes the pending answer if no input has followed it.
  ///
  /// - Returns: its key; nil if there is none.
  mutating func takeAnswer(at now: ContinuousClock.Instant) -> ScreenKey? {
    guard let deadline, now >= deadline else { return nil }
    defer { answered = nil }
    return answered?.key
  }
}
