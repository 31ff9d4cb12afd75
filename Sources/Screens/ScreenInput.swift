/// Input from a terminal.
public enum ScreenInput: Equatable, Sendable {
  /// A key was pressed.
  case key(ScreenKey)
  /// A pasted character, on a terminal that marks pasted text (bracketed paste).
  case pasted(Unicode.Scalar)
  /// The mouse was used.
  case mouse(ScreenMouse)
}
