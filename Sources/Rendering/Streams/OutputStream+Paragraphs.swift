import Screens

extension OutputStream {
  /// Writes the lines of `text`, each wrapped between words to `width`.
  ///
  /// - Parameters:
  ///   - text: the text, already escaped.
  ///   - width: the terminal's width in columns; nil for no wrapping.
  ///   - indent: the spaces before every line; continuation lines have two more.
  ///   - style: the style of the text; nil for plain text.
  package mutating func writeParagraphs(
    _ text: String, width: Int?, indent: Int = 0, in style: Style? = nil
  ) throws(OutputProblem) {
    let margin = String(repeating: " ", count: indent)
    for line in text.split(separator: "\n") {
      let parts =
        width.map { width in
          ScreenLine.wrapped(String(line), to: width - indent, indent: 2).map(\.text)
        } ?? [String(line)]
      for part in parts { try write("\(margin)\(style?.text(part, isOn: true) ?? part)\n") }
    }
  }
}
