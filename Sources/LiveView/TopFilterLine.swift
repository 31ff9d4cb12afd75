import Operations
import Rendering
import Reports
package import Screens
package import Selection

/// The filter being typed, with its error below.
package struct TopFilterLine {
  let editor: LineEditor
  package let problem: FilterProblem?
  package let pending: String?

  private static let lead = "Filter: "

  /// The lines, and the cursor's column in the first.
  package func lines(width: Int) -> (lines: [ScreenLine], column: Int) {
    let lead = width > 3 * Self.lead.utf8.count ? Self.lead : ""
    let room = max(1, width - lead.utf8.count - 1)
    let before = Self.width(of: editor.textBefore)
    // Scroll a long filter so that the cursor stays visible.
    let hidden = max(0, before - room)
    var line = ScreenLine(lead, ScreenLook(nil, .bold))
    line.append(
      Self.dropping(hidden, from: EscapedText.escaped(editor.text)), ScreenLook(.cyan))
    var lines = [line]
    if let pending {
      lines.append(
        ScreenLine("looking up the names in \(EscapedText.escaped(pending))", ScreenLook(.yellow)))
    } else if let problem {
      lines += self.lines(of: problem, lead: lead.utf8.count - hidden, width: width)
    }
    return (lines, lead.utf8.count + before - hidden)
  }

  /// A caret under the error, and below it the message.
  private func lines(of problem: FilterProblem, lead: Int, width: Int) -> [ScreenLine] {
    let bytes = Array(problem.filter.utf8)
    let start = min(problem.range.lowerBound, bytes.count)
    let end = max(start, min(problem.range.upperBound, bytes.count))
    let column = lead + Self.width(of: String(decoding: bytes[..<start], as: UTF8.self))
    let marked = max(1, Self.width(of: String(decoding: bytes[start..<end], as: UTF8.self)))
    let caret = "^" + String(repeating: "~", count: marked - 1)
    let padding = String(repeating: " ", count: max(0, column))
    let look = ScreenLook(.red)
    let message = EscapedText.escaped("\(problem)")
    let line = ScreenLine(padding + caret.dropFirst(max(0, -column)), look)
    return [line] + ScreenLine.wrapped(message, to: width, look).prefix(2)
  }

  private static func width(of text: String) -> Int {
    EscapedText.width(of: EscapedText.escaped(text).utf8)
  }

  /// `text` without its first `columns` columns.
  private static func dropping(_ columns: Int, from text: String) -> String {
    var used = 0
    var kept = ""
    for scalar in text.unicodeScalars {
      if used >= columns { kept.unicodeScalars.append(scalar) }
      used += EscapedText.width(of: scalar)
    }
    return kept
  }
}
