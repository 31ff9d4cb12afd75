extension StringProtocol {
  /// The text in quotes for a message. Characters that could move the cursor or hide others are
  /// written as numbers: `"a\u{1b}[2J"`.
  public var quoted: String {
    var quoted = "\""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        quoted += "\\u{\(String(scalar.value, radix: 16))}"
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
