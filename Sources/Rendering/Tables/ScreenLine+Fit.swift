package import Screens

extension ScreenLine {
  /// The line, truncated or padded with spaces to exactly `width` columns.
  package func fitted(to width: Int) -> ScreenLine {
    var line = ScreenLine()
    var used = 0
    cutting: for span in spans {
      var kept = ""
      for scalar in span.text.unicodeScalars {
        let next = EscapedText.width(of: scalar)
        guard used + next <= width else {
          line.append(kept, span.look)
          break cutting
        }
        kept.unicodeScalars.append(scalar)
        used += next
      }
      line.append(kept, span.look)
    }
    line.append(String(repeating: " ", count: width - used))
    return line
  }

  /// The width in columns.
  package var width: Int { spans.reduce(0) { $0 + EscapedText.width(of: $1.text.utf8) } }

  /// Wraps the paragraph `text` into lines of at most `width` columns, at spaces if possible.
  ///
  /// - Parameter indent: the number of spaces before every line except the first.
  package static func wrapped(
    _ text: String, to width: Int, indent: Int = 0, _ look: ScreenLook = .plain
  ) -> [ScreenLine] {
    var lines: [ScreenLine] = []
    var line = ""
    var used = 0
    func end() {
      lines.append(ScreenLine(line, look))
      line = String(repeating: " ", count: min(indent, max(0, width - 1)))
      used = line.utf8.count
    }
    var isStart = true
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let length = EscapedText.width(of: word.utf8)
      if !isStart {
        if used + 1 + length > width { end() } else { (line, used) = (line + " ", used + 1) }
      }
      isStart = false
      for scalar in word.unicodeScalars {
        let next = EscapedText.width(of: scalar)
        if used + next > width, used > 0 { end() }
        line.unicodeScalars.append(scalar)
        used += next
      }
    }
    lines.append(ScreenLine(line, look))
    return lines
  }
}
