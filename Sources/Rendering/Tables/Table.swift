import Synchronization

/// A table of text with a heading, whose cells are rendered on demand.
///
/// A large table renders its cells while printing, so a million rows need no extra memory. To fit a
/// terminal, it measures all cells first. Otherwise it measures a sample, and a wider cell shifts
/// the rest of its line.
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
  /// - Parameter natural: the widths of ``naturalWidths(for:of:)``, if they are known.
  package func print(
    _ layout: Layout, natural: [Int]? = nil, to output: inout OutputStream
  ) throws(OutputProblem) {
    let table = natural == nil && rowCount <= Self.maximumCachedRows ? cachingCells() : self
    try table.printRows(layout, natural ?? table.naturalWidths(for: layout), to: &output)
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
    _ wanted: Layout, _ natural: [Int], to output: inout OutputStream
  ) throws(OutputProblem) {
    let (widths, layout) = fitting(natural, wanted)
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

  /// The number of rows measured if nothing has to fit.
  private static let sampleSize = 4096

  /// The column widths that the cells need.
  ///
  /// - Parameter rows: the rows to measure; nil for all, or for a sample if no width is set.
  package func naturalWidths(for layout: Layout, of rows: [Int]? = nil) -> [Int] {
    let titles = columns.map {
      layout.showsHeader ? EscapedText.width(of: $0.title.utf8) : 0
    }
    if let rows { return widths(rows.count, from: titles) { rows[$0] } }
    guard layout.width != nil || rowCount <= 2 * Self.sampleSize else {
      let step = rowCount / Self.sampleSize
      return widths((rowCount + step - 1) / step, from: titles) { $0 * step }
    }
    let widest = Mutex(titles)
    ParallelRows.forEachBatch(of: rowCount) { rows in
      let widths = widths(rows.count, from: widest.withLock { $0 }) { rows.lowerBound + $0 }
      widest.withLock { widest in
        for column in columns.indices { widest[column] = max(widest[column], widths[column]) }
      }
    }
    return widest.withLock { $0 }
  }

  /// The column widths that `count` rows need, each at least the one in `known`.
  private func widths(_ count: Int, from known: [Int], row: (Int) -> Int) -> [Int] {
    var widths = known
    var scratch: [UInt8] = []
    for index in 0..<count { widen(&widths, by: row(index), scratch: &scratch) }
    return widths
  }

  private func widen(_ widths: inout [Int], by row: Int, scratch: inout [UInt8]) {
    for column in columns.indices {
      scratch.removeAll(keepingCapacity: true)
      cell(row, column, &scratch)
      // A text never takes more columns than bytes.
      if scratch.count > widths[column] {
        widths[column] = max(widths[column], CellCut.width(of: scratch[...]))
      }
    }
  }

  /// The layout with a narrower gap if the cells would not fit otherwise.
  private func narrowed(_ layout: Layout, for natural: [Int]) -> Layout {
    guard let width = layout.width, needed(natural, layout) > width else { return layout }
    var layout = layout
    layout.gap = min(layout.gap, 1)
    return layout
  }

  private func needed(_ widths: [Int], _ layout: Layout) -> Int {
    layout.indent + widths.reduce(0, +) + layout.gap * (columns.count - 1)
  }

  /// The column widths as printed, and the layout adjusted to them.
  ///
  /// - Parameter natural: the widths of ``naturalWidths(for:of:)``.
  package func fitting(_ natural: [Int], _ wanted: Layout) -> (widths: [Int], layout: Layout) {
    let layout = narrowed(wanted, for: natural)
    return (fit(natural, into: layout), layout)
  }

  /// Whether columns of these natural widths do not fit even at their minimum.
  package func isTooWide(_ natural: [Int], for layout: Layout) -> Bool {
    guard let width = layout.width else { return false }
    let least = columns.indices.map { min(natural[$0], columns[$0].minimumWidth ?? .max) }
    return needed(least, narrowed(layout, for: natural)) > width
  }

  /// Shrinks the columns of `natural` widths until they fit `layout`, as far as they may shrink.
  package func fit(_ natural: [Int], into layout: Layout) -> [Int] {
    guard let width = layout.width else { return natural }
    var widths = natural
    var excess = needed(natural, layout) - width
    let order = columns.indices.sorted { (columns[$0].rank, $1) < (columns[$1].rank, $0) }
    for column in order {
      guard excess > 0 else { break }
      guard let least = columns[column].minimumWidth else { continue }
      let taken = min(excess, max(0, widths[column] - least))
      widths[column] -= taken
      excess -= taken
    }
    return widths
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
