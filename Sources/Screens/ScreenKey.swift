/// A key pressed on a terminal.
public enum ScreenKey: Hashable, Sendable {
  /// A key for a character other than a control character.
  case character(Unicode.Scalar)
  /// Return, or Enter on the number pad.
  case enter
  /// Escape alone.
  case escape
  /// Backspace.
  case backspace
  /// Delete.
  case delete
  /// Tab.
  case tab
  /// The up arrow.
  case up
  /// The down arrow.
  case down
  /// The left arrow.
  case left
  /// The right arrow.
  case right
  /// Page Up.
  case pageUp
  /// Page Down.
  case pageDown
  /// Home.
  case home
  /// End.
  case end
  /// Ctrl-U: clears the input.
  case clear
  /// Ctrl-W: deletes a word.
  case clearWord
  /// Ctrl-L: redraws the screen.
  case redraw
  /// A function key: F1 has the number 1.
  case function(Int)
  /// Any other key.
  case other
}

extension ScreenKey: ExpressibleByUnicodeScalarLiteral {
  /// Creates the key for a character.
  public init(unicodeScalarLiteral scalar: Unicode.Scalar) { self = .character(scalar) }
}
