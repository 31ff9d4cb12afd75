/// A table of text with a heading, whose cells are rendered on demand.
///
/// A large table renders its cells while printing, so a million rows need no extra memory. To fit a
/// terminal, it measures all cells first. Otherwise it measures a sample, and a wider cell shifts
/// the rest of its line. A few unusually wide cells do not widen their column: they are cut, or they
/// shift the rest of their lines.
package struct Table: Sendable {
  package let columns: [Column]
  package let rowCount: Int
  /// Appends the text of a cell, already escaped.
  package var cell: @Sendable (_ row: Int, _ column: Int, _ text: inout [UInt8]) -> Void
  /// The style of a cell.
  package var style: @Sendable (_ row: Int, _ column: Int) -> Style? = { _, _ in nil }

  package init(
    columns: [Column], rowCount: Int,
    cell: @escaping @Sendable (_ row: Int, _ column: Int, _ text: inout [UInt8]) -> Void,
    style: @escaping @Sendable (_ row: Int, _ column: Int) -> Style? = { _, _ in nil }
  ) {
    self.columns = columns
    self.rowCount = rowCount
    self.cell = cell
    self.style = style
  }

  /// One column: its heading and how it shrinks.
  package struct Column: Sendable {
    package let title: String
    package var alignment = Alignment.left
    /// The narrowest width that it may shrink to, in terminal columns; nil if it never shrinks.
    package var minimumWidth: Int?
    /// Which part of a cell is cut off when it shrinks.
    package var cut = CellCut.end
    /// Columns with a lower rank shrink first; of equal ranks, the rightmost.
    package var rank = 2

    package init(
      title: String, alignment: Alignment = Alignment.left, minimumWidth: Int? = nil,
      cut: CellCut = CellCut.end, rank: Int = 2
    ) {
      self.title = title
      self.alignment = alignment
      self.minimumWidth = minimumWidth
      self.cut = cut
      self.rank = rank
    }
  }

  /// Where a cell's padding goes.
  package enum Alignment {
    case left
    case right
  }

  /// How a table is printed.
  package struct Layout: Sendable {
    package var showsHeader = true
    /// The width to fit into, in columns; nil for no limit.
    package var width: Int?
    package var colors = false
    /// The number of spaces before every line.
    package var indent = 0
    /// The number of spaces between two cells.
    package var gap = 2

    package init(
      showsHeader: Bool = true, width: Int? = nil, colors: Bool = false, indent: Int = 0,
      gap: Int = 2
    ) {
      self.showsHeader = showsHeader
      self.width = width
      self.colors = colors
      self.indent = indent
      self.gap = gap
    }
  }

  /// Prints the table to `output`.
  ///
  /// - Parameter widths: the widths of ``measuredWidths(for:of:)``, if they are known.
  package func print(
    _ layout: Layout, widths: MeasuredWidths? = nil, to output: inout OutputStream
  ) throws(OutputProblem) {
    let table = widths == nil && rowCount <= Self.maximumCachedRows ? cachingCells() : self
    try table.printRows(layout, widths ?? table.measuredWidths(for: layout), to: &output)
  }

  /// A table of at most this many rows renders each cell only once.
  private static let maximumCachedRows = 1024

  private func cachingCells() -> Table {
    var text: [UInt8] = []
    var ends: [Int] = [0]
    for row in 0..<rowCount {
      for column in columns.indices {
        cell(row, column, &text)
        ends.append(text.count)
      }
    }
    var table = self
    table.cell = { [text, ends, count = columns.count] row, column, line in
      let index = row * count + column
      line.append(contentsOf: text[ends[index]..<ends[index + 1]])
    }
    return table
  }

  private func printRows(
    _ wanted: Layout, _ measured: MeasuredWidths, to output: inout OutputStream
  ) throws(OutputProblem) {
    let (widths, layout) = fitting(measured, wanted)
    var scratch: [UInt8] = []
    if layout.showsHeader {
      try output.write { line in
        for column in columns.indices {
          append(column, of: widths, style: .bold, layout, scratch: &scratch, to: &line) {
            $0.append(contentsOf: columns[column].title.utf8)
          }
        }
        Self.end(&line)
      }
    }
    try ParallelRows.write(rowCount, to: &output) { rows, lines in
      appendLines(rows, widths, layout, to: &lines)
    }
  }

  private func appendLines(
    _ rows: Range<Int>, _ widths: [Int], _ layout: Layout, to lines: inout [UInt8]
  ) {
    var scratch: [UInt8] = []
    for row in rows {
      for column in columns.indices {
        let style = layout.colors ? style(row, column) : nil
        append(column, of: widths, style: style, layout, scratch: &scratch, to: &lines) {
          cell(row, column, &$0)
        }
      }
      Self.end(&lines)
    }
  }

  /// Appends the cell that `fill` appends, with its indent, padding and gap.
  private func append(
    _ column: Int, of widths: [Int], style: Style?, _ layout: Layout, scratch: inout [UInt8],
    to line: inout [UInt8], fill: (inout [UInt8]) -> Void
  ) {
    if column == 0 { line.appendSpaces(layout.indent) }
    let isPlain = style == nil || !layout.colors
    guard columns[column].alignment == .left, isPlain else {
      scratch.removeAll(keepingCapacity: true)
      fill(&scratch)
      let width = columns[column].cut.cut(
        &scratch, from: 0, to: layout.width == nil ? .max : widths[column])
      let padding = widths[column] - width
      if columns[column].alignment == .right { line.appendSpaces(padding) }
      Style.append(scratch.isEmpty ? nil : style, isOn: layout.colors, to: &line) {
        $0.append(contentsOf: scratch)
      }
      let isLast = column == columns.count - 1
      if columns[column].alignment == .left, !isLast { line.appendSpaces(padding) }
      if !isLast { line.appendSpaces(layout.gap) }
      return
    }
    let start = line.count
    fill(&line)
    let width = columns[column].cut.cut(
      &line, from: start, to: layout.width == nil ? .max : widths[column])
    if column < columns.count - 1 { line.appendSpaces(max(widths[column] - width, 0) + layout.gap) }
  }

  /// Ends a line and removes its trailing spaces.
  private static func end(_ line: inout [UInt8]) {
    while line.last == UInt8(ascii: " ") { line.removeLast() }
    line.append(UInt8(ascii: "\n"))
  }
}

extension [UInt8] {
  /// Appends `count` spaces; none if it is negative.
  fileprivate mutating func appendSpaces(_ count: Int) {
    for _ in 0..<Swift.max(count, 0) { append(UInt8(ascii: " ")) }
  }
}
