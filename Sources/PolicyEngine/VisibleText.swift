internal import Connections

/// Text from a file or a process, made harmless for a terminal.
enum VisibleText {
  /// `text` as it is between its quotes in a message: what could move the cursor or hide others is
  /// written as its number.
  static func escaped(_ text: some StringProtocol) -> String {
    String(text.quoted.unicodeScalars.dropFirst().dropLast())
  }
}
