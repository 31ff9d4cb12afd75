import Screens

/// A text behind a label, with details that follow it or, if they do not fit, go below it.
///
///     java[1744]  45 of 50 will be closed (threshold 10, newest 5 kept)
///                 in CLOSE-WAIT for ≥ 1m, oldest ≥ 2d03h, most to 10.0.0.20
package struct LabelledText {
  /// The label, already escaped; empty for none.
  package let label: String
  /// The text, already escaped.
  package let text: String
  /// The details, already escaped; empty for none.
  package let details: String
  /// The style of everything except the label.
  package let style: Style?

  package init(label: String, text: String, details: String = "", style: Style? = nil) {
    self.label = label
    self.text = text
    self.details = details
    self.style = style
  }
}

extension OutputStream {
  /// Writes `rows` with their texts in one column, indented by two spaces.
  package mutating func write(
    _ rows: [LabelledText], _ layout: Table.Layout
  ) throws(OutputProblem) {
    // On a narrow terminal, a label takes at most a third of it.
    let widest = layout.width.map { $0 / 3 } ?? .max
    let labels = rows.map { row in
      var label = Array(row.label.utf8)
      let width = CellCut.owner.cut(&label, from: 0, to: widest)
      return (text: String(decoding: label, as: UTF8.self), width: width)
    }
    let column = labels.map(\.width).max() ?? 0
    let start = 2 + (column == 0 ? 0 : column + 2)
    let texts = rows.filter { !$0.details.isEmpty }.map { EscapedText.width(of: $0.text.utf8) }
    let room = layout.width.map { max($0 - start, 1) }
    let fitting = texts.filter { width in room.map { width <= $0 } ?? true }.max() ?? 0
    for (row, label) in zip(rows, labels) {
      let padding = String(repeating: " ", count: start - 2 - label.width)
      try write("  \(label.text)\(padding)")
      let lines = row.lines(room, textColumn: fitting)
      for (index, line) in lines.enumerated() {
        if index > 0 { try write(String(repeating: " ", count: start)) }
        try write((row.style?.text(line, isOn: layout.colors) ?? line) + "\n")
      }
    }
  }
}

extension LabelledText {
  /// The lines of text and details.
  ///
  /// - Parameters:
  ///   - room: the columns behind the label; nil for no limit.
  ///   - textColumn: the columns of the texts, if the details of all rows line up.
  fileprivate func lines(_ room: Int?, textColumn: Int) -> [String] {
    let width = EscapedText.width(of: text.utf8)
    guard let room else { return [joined(at: textColumn, width)] }
    guard !details.isEmpty else { return Self.wrapped(text, to: room) }
    let needed = EscapedText.width(of: details.utf8)
    if textColumn + 2 + needed <= room { return [joined(at: textColumn, width)] }
    if width + 2 + needed <= room { return [joined(at: width, width)] }
    return Self.wrapped(text, to: room) + Self.wrapped(details, to: room)
  }

  private func joined(at column: Int, _ width: Int) -> String {
    guard !details.isEmpty else { return text }
    return text + String(repeating: " ", count: max(0, column - width) + 2) + details
  }

  private static func wrapped(_ text: String, to width: Int) -> [String] {
    ScreenLine.wrapped(text, to: width, indent: min(2, width - 1)).map(\.text)
  }
}
