package import Screens

extension Table {
  /// The heading and the lines of `rows` for a screen.
  ///
  /// - Parameter widths: the column widths, from ``fit(_:into:)``.
  package func lines(
    _ rows: some Sequence<Int>, widths: [Int], _ layout: Layout
  ) -> (heading: ScreenLine, lines: [ScreenLine]) {
    let heading = line(widths, layout, look: { _ in ScreenLook(nil, .bold) }) { column, text in
      text.append(contentsOf: columns[column].title.utf8)
    }
    let lines = rows.map { row in
      line(widths, layout, look: { ScreenLook(of: style(row, $0)) }) { column, text in
        cell(row, column, &text)
      }
    }
    return (heading, lines)
  }

  private func line(
    _ widths: [Int], _ layout: Layout, look: (Int) -> ScreenLook,
    fill: (Int, inout [UInt8]) -> Void
  ) -> ScreenLine {
    var line = ScreenLine()
    line.append(String(repeating: " ", count: layout.indent))
    var scratch: [UInt8] = []
    for column in columns.indices {
      scratch.removeAll(keepingCapacity: true)
      fill(column, &scratch)
      let width = columns[column].cut.cut(&scratch, from: 0, to: widths[column])
      let padding = String(repeating: " ", count: max(0, widths[column] - width))
      if columns[column].alignment == .right { line.append(padding) }
      line.append(String(decoding: scratch, as: UTF8.self), look(column))
      if columns[column].alignment == .left { line.append(padding) }
      if column < columns.count - 1 { line.append(String(repeating: " ", count: layout.gap)) }
    }
    return line
  }
}

extension ScreenLook {
  /// The screen's equivalent of a style of printed text.
  package init(of style: Style?) {
    switch style {
    case nil: self = .plain
    case .bold: self.init(nil, .bold)
    case .dim: self.init(nil, .dim)
    case .red: self.init(.red)
    case .green: self.init(.green)
    case .yellow: self.init(.yellow)
    }
  }
}
