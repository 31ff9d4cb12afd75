/// Text from a file or a process, made harmless for a terminal.
enum VisibleText {
  /// The scalar itself, or its number when it could move the cursor or hide.
  static func escaped(_ scalar: Unicode.Scalar) -> String {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator:
      "\\u{\(String(scalar.value, radix: 16))}"
    default: String(scalar)
    }
  }

  /// The whole of `text`, each scalar escaped.
  static func escaped(_ text: some StringProtocol) -> String {
    text.unicodeScalars.reduce(into: "") { $0 += escaped($1) }
  }

  /// In quotes, escaped.
  static func quoted(_ text: some StringProtocol) -> String { "\"\(escaped(text))\"" }
}
