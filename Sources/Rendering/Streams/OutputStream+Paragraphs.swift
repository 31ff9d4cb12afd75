import Screens

extension OutputStream {
  /// Writes the lines of `text`, each broken between words where it is wider than `width`.
  ///
  /// - Parameters:
  ///   - text: nothing in it needs escaping.
  ///   - width: of the terminal; nil where nothing has to fit.
  ///   - indent: the blanks that every line starts with; the rest of a broken line has two more.
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
