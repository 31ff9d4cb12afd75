import Synchronization

/// A table of text: a heading, and cells that are made when they are needed.
///
/// Cells of many rows are made when they are printed, so that a million rows need no memory of their
/// own. To fit a terminal they are all measured before; otherwise some tell the widths, and a wider
/// one moves what is behind it.
package struct Table: Sendable {
  package let columns: [Column]
  package let rowCount: Int
  /// Appends the text of the cell at a row and a column, printable as it is.
  package var cell: @Sendable (_ row: Int, _ column: Int, _ text: inout [UInt8]) -> Void
  /// The same table of some of its rows alone, where it is quicker to have these together before
  /// their cells are made; nil where it is not.
  package var part: (@Sendable (Range<Int>) -> Table)?
  /// How the cell looks.
  package var style: @Sendable (_ row: Int, _ column: Int) -> Style? = { _, _ in nil }

  package init(
    columns: [Column], rowCount: Int,
    cell: @escaping @Sendable (_ row: Int, _ column: Int, _ text: inout [UInt8]) -> Void,
    part: (@Sendable (Range<Int>) -> Table)? = nil,
    style: @escaping @Sendable (_ row: Int, _ column: Int) -> Style? = { _, _ in nil }
  ) {
    self.columns = columns
    self.rowCount = rowCount
    self.cell = cell
    self.part = part
    self.style = style
  }

  package struct Column: Sendable {
    package let title: String
    package var alignment = Alignment.left
    /// The fewest columns of the terminal to which it may be cut; nil when it is never cut.
    package var shrinksTo: Int?
    /// What of a cell goes then.
    package var cut = CellCut.end
    /// Columns with a low number shrink before others, and those with the same the last ones first.
    package var rank = 2

    package init(
      title: String, alignment: Alignment = Alignment.left, shrinksTo: Int? = nil,
      cut: CellCut = CellCut.end, rank: Int = 2
    ) {
      self.title = title
      self.alignment = alignment
      self.shrinksTo = shrinksTo
      self.cut = cut
      self.rank = rank
    }
  }

  package enum Alignment {
    case left
    case right
  }

  /// How a table is printed.
  package struct Layout: Sendable {
    package var showsHeader = true
    /// The width to fit into; nil for none.
    package var width: Int?
    package var colors = false
    /// What every line starts with.
    package var indent = 0
    /// The columns between two cells.
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

  /// Prints the table.
  package func print(_ layout: Layout, to output: inout OutputStream) throws(OutputProblem) {
    guard rowCount > Self.mostKept else { return try keepingCells().printRows(layout, to: &output) }
    try printRows(layout, to: &output)
  }

  /// Of how many rows at the most the cells are kept, and made only once.
  private static let mostKept = 1024

  private func keepingCells() -> Table {
    var text: [UInt8] = []
    var ends: [Int] = [0]
    for row in 0..<rowCount {
      for column in columns.indices {
        cell(row, column, &text)
        ends.append(text.count)
      }
    }
    var table = self
    table.part = nil
    table.cell = { [text, ends, count = columns.count] row, column, line in
      let place = row * count + column
      line.append(contentsOf: text[ends[place]..<ends[place + 1]])
    }
    return table
  }

  private func printRows(_ wanted: Layout, to output: inout OutputStream) throws(OutputProblem) {
    let (widths, layout) = fitting(wanted)
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
      if let part = part?(rows) {
        part.appendLines(0..<rows.count, widths, layout, to: &lines)
      } else {
        appendLines(rows, widths, layout, to: &lines)
      }
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

  /// How many rows tell the widths where nothing has to fit.
  private static let measuredSample = 4096

  private func measure(for layout: Layout) -> [Int] {
    let titles = columns.map { layout.showsHeader ? $0.title.utf8.count : 0 }
    guard layout.width != nil || rowCount <= 2 * Self.measuredSample else {
      let step = rowCount / Self.measuredSample
      return measure(0..<rowCount, step: step, from: titles)
    }
    let widest = Mutex(titles)
    ParallelRows.forEachBatch(of: rowCount) { rows in
      let widths = measure(rows, step: 1, from: widest.withLock { $0 })
      widest.withLock { widest in
        for column in columns.indices { widest[column] = max(widest[column], widths[column]) }
      }
    }
    return widest.withLock { $0 }
  }

  /// The widths of the columns in `rows`, and at the least those that are known already.
  package func measure(_ rows: some Sequence<Int>, from known: [Int]) -> [Int] {
    var widths = known
    var scratch: [UInt8] = []
    for row in rows { widen(&widths, by: row, scratch: &scratch) }
    return widths
  }

  /// The same of each `step`th row. Not generic: what a sequence of rows is, the runtime looks for
  /// among all types, on every start.
  private func measure(_ rows: Range<Int>, step: Int, from known: [Int]) -> [Int] {
    var widths = known
    var scratch: [UInt8] = []
    var row = rows.lowerBound
    while row < rows.upperBound {
      widen(&widths, by: row, scratch: &scratch)
      row += step
    }
    return widths
  }

  private func widen(_ widths: inout [Int], by row: Int, scratch: inout [UInt8]) {
    for column in columns.indices {
      scratch.removeAll(keepingCapacity: true)
      cell(row, column, &scratch)
      // No text is wider than it has octets.
      if scratch.count > widths[column] {
        widths[column] = max(widths[column], CellCut.width(of: scratch[...]))
      }
    }
  }

  /// With less between the cells where they would not fit otherwise: blanks tell nothing.
  private func narrowed(_ layout: Layout, for natural: [Int]) -> Layout {
    guard let width = layout.width, needed(natural, layout) > width else { return layout }
    var layout = layout
    layout.gap = min(layout.gap, 1)
    return layout
  }

  private func needed(_ widths: [Int], _ layout: Layout) -> Int {
    layout.indent + widths.reduce(0, +) + layout.gap * (columns.count - 1)
  }

  /// The widths of the columns as they are printed, and the layout that this takes.
  package func fitting(_ wanted: Layout) -> (widths: [Int], layout: Layout) {
    let natural = measure(for: wanted)
    let layout = narrowed(wanted, for: natural)
    return (fit(natural, into: layout), layout)
  }

  /// Whether it does not fit, cut as far as it may be.
  package func isTooWide(for layout: Layout) -> Bool {
    layout.width != nil && isTooWide(natural(for: layout), for: layout)
  }

  /// The widths that the columns would like to have.
  package func natural(for layout: Layout) -> [Int] { measure(for: layout) }

  /// Whether columns that would like to have these widths do not fit, cut as far as they may be.
  package func isTooWide(_ natural: [Int], for layout: Layout) -> Bool {
    guard let width = layout.width else { return false }
    let least = columns.indices.map { min(natural[$0], columns[$0].shrinksTo ?? .max) }
    return needed(least, narrowed(layout, for: natural)) > width
  }

  /// Takes what is too much from the columns that may shrink.
  package func fit(_ natural: [Int], into layout: Layout) -> [Int] {
    guard let width = layout.width else { return natural }
    var widths = natural
    var excess = needed(natural, layout) - width
    let order = columns.indices.sorted { (columns[$0].rank, $1) < (columns[$1].rank, $0) }
    for column in order {
      guard excess > 0 else { break }
      guard let least = columns[column].shrinksTo else { continue }
      let taken = min(excess, max(0, widths[column] - least))
      widths[column] -= taken
      excess -= taken
    }
    return widths
  }

  /// Appends the cell that `fill` appends, and what stands before and after it.
  private func append(
    _ column: Int, of widths: [Int], style: Style?, _ layout: Layout, scratch: inout [UInt8],
    to line: inout [UInt8], fill: (inout [UInt8]) -> Void
  ) {
    if column == 0 { line.appendBlanks(layout.indent) }
    let isPlain = style == nil || !layout.colors
    guard columns[column].alignment == .left, isPlain else {
      scratch.removeAll(keepingCapacity: true)
      fill(&scratch)
      let width = columns[column].cut.cut(
        &scratch, from: 0, to: layout.width == nil ? .max : widths[column])
      let padding = widths[column] - width
      if columns[column].alignment == .right { line.appendBlanks(padding) }
      Style.append(scratch.isEmpty ? nil : style, isOn: layout.colors, to: &line) {
        $0.append(contentsOf: scratch)
      }
      let isLast = column == columns.count - 1
      if columns[column].alignment == .left, !isLast { line.appendBlanks(padding) }
      if !isLast { line.appendBlanks(layout.gap) }
      return
    }
    let start = line.count
    fill(&line)
    let width = columns[column].cut.cut(
      &line, from: start, to: layout.width == nil ? .max : widths[column])
    if column < columns.count - 1 { line.appendBlanks(max(widths[column] - width, 0) + layout.gap) }
  }

  /// Ends a line, without blanks before its end.
  private static func end(_ line: inout [UInt8]) {
    while line.last == UInt8(ascii: " ") { line.removeLast() }
    line.append(UInt8(ascii: "\n"))
  }
}

extension [UInt8] {
  /// Appends `count` blanks; none if it is negative.
  fileprivate mutating func appendBlanks(_ count: Int) {
    for _ in 0..<Swift.max(count, 0) { append(UInt8(ascii: " ")) }
  }
}
