/// A key that was pressed on a terminal.
public enum ScreenKey: Hashable, Sendable {
  /// One that stands for a character, none of control.
  case character(Unicode.Scalar)
  /// Return, or Enter of the number pad.
  case enter
  /// Escape alone.
  case escape
  /// The key that takes back the character before.
  case backspace
  /// The key that takes away the character under the cursor.
  case delete
  /// Tab.
  case tab
  /// An arrow.
  case up
  /// An arrow.
  case down
  /// An arrow.
  case left
  /// An arrow.
  case right
  /// A page back.
  case pageUp
  /// A page on.
  case pageDown
  /// To the start.
  case home
  /// To the end.
  case end
  /// Control and U: takes away all that was typed.
  case clear
  /// Control and W: takes away a word.
  case clearWord
  /// Control and L: draws all again.
  case redraw
  /// Any other, as of functions.
  case other
}

extension ScreenKey: ExpressibleByUnicodeScalarLiteral {
  /// The key of this character.
  public init(unicodeScalarLiteral scalar: Unicode.Scalar) { self = .character(scalar) }
}
