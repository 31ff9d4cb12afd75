/// Why a terminal cannot show a screen.
public enum ScreenProblem: Error, Equatable, Sendable {
  /// No description exists for the terminal type in `TERM`; nil when `TERM` is not set.
  case unknownTerminal(String?)
  /// A terminal of this type, such as a printer, cannot move its cursor.
  case cannotMoveCursor(String?)
  /// The system refused to deliver signals through signalfd(2).
  case cannotWatchSignals
}

extension ScreenProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .unknownTerminal(nil): "TERM is not set"
    case .unknownTerminal(let name?): "unknown terminal type \(name)"
    case .cannotMoveCursor(nil): "this terminal cannot move the cursor"
    case .cannotMoveCursor(let name?): "terminals of type \(name) cannot move the cursor"
    case .cannotWatchSignals: "cannot watch for signals: signalfd failed"
    }
  }
}
