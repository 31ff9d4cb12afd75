import Screens

extension OutputStream {
  /// Writes the lines of `text`, each wrapped between words to `width`.
  ///
  /// - Parameters:
  ///   - text: the text, already escaped.
  ///   - width: the terminal's width in columns; nil for no wrapping.
  ///   - indent: the spaces before every line; continuation lines have two more.
  package mutating func writeParagraphs(
    _ text: String, width: Int?, indent: Int = 0
  ) throws(OutputProblem) {
    let margin = String(repeating: " ", count: indent)
    for line in text.split(separator: "\n") {
      guard let width else {
        try write("\(margin)\(line)\n")
        continue
      }
      for part in ScreenLine.wrapped(String(line), to: width - indent, indent: 2) {
        try write("\(margin)\(part.text)\n")
      }
    }
  }
}
