/// What was entered on a terminal.
public enum ScreenInput: Equatable, Sendable {
  /// A key was pressed.
  case key(ScreenKey)
  /// A character of text that was pasted, on a terminal that tells it from keys (bracketed paste).
  case pasted(Unicode.Scalar)
}
