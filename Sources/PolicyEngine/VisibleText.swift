internal import Connections

/// Text from a file or a process, made safe for a terminal.
enum VisibleText {
  /// `text` as in a quoted message, without the quotes: characters that could move the cursor or
  /// hide others are written as numbers.
  static func escaped(_ text: some StringProtocol) -> String {
    String(text.quoted.unicodeScalars.dropFirst().dropLast())
  }
}
