/// Why a terminal cannot show a screen.
public enum ScreenProblem: Error, Equatable, Sendable {
  /// Nothing is known of a terminal of the type that `TERM` names; nil when it names none.
  case unknownTerminal(String?)
  /// A terminal of this type cannot move its cursor, as one that prints on paper.
  case cannotMoveCursor(String?)
  /// The system refused what watching for signals needs.
  case cannotWatchSignals
}

extension ScreenProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .unknownTerminal(nil): "TERM does not say what kind of terminal this is"
    case .unknownTerminal(let name?): "nothing is known of a terminal of the type \(name)"
    case .cannotMoveCursor(nil): "this terminal cannot move its cursor"
    case .cannotMoveCursor(let name?): "a terminal of the type \(name) cannot move its cursor"
    case .cannotWatchSignals: "the system refused to tell of signals (signalfd)"
    }
  }
}
