import Synchronization

/// The column widths that the cells of a table need.
package struct MeasuredWidths: Equatable, Sendable {
  /// The width of the widest cell or the heading.
  package var widest: [Int]
  /// The width of the widest cell without unusually wide ones.
  package var typical: [Int]

  package init(widest: [Int], typical: [Int]? = nil) {
    self.widest = widest
    self.typical = typical ?? widest
  }
}

// Measuring and fitting.
extension Table {
  /// The number of rows measured if nothing has to fit.
  private static let sampleSize = 4096

  /// The column widths that the cells need.
  ///
  /// - Parameter rows: the rows to measure; nil for all, or for a sample if no width is set.
  package func naturalWidths(for layout: Layout, of rows: [Int]? = nil) -> [Int] {
    measuredWidths(for: layout, of: rows).widest
  }

  /// The same, also without unusually wide cells.
  package func measuredWidths(for layout: Layout, of rows: [Int]? = nil) -> MeasuredWidths {
    let titles = columns.map {
      layout.showsHeader ? EscapedText.width(of: $0.title.utf8) : 0
    }
    let empty = WidthCounts(titles, countsWidths: columns.map { $0.minimumWidth != nil })
    if let rows { return counts(rows.count, into: empty) { rows[$0] }.widths }
    guard layout.width != nil || rowCount <= 2 * Self.sampleSize else {
      let step = rowCount / Self.sampleSize
      return counts((rowCount + step - 1) / step, into: empty) { $0 * step }.widths
    }
    let all = Mutex(empty)
    ParallelRows.forEachBatch(of: rowCount) { rows in
      let counts = counts(rows.count, into: empty) { rows.lowerBound + $0 }
      all.withLock { $0.add(counts) }
    }
    return all.withLock { $0.widths }
  }

  /// The widths of `count` rows, added to those in `known`.
  private func counts(_ count: Int, into known: WidthCounts, row: (Int) -> Int) -> WidthCounts {
    var counts = known
    var scratch: [UInt8] = []
    for index in 0..<count {
      for column in columns.indices {
        scratch.removeAll(keepingCapacity: true)
        cell(row(index), column, &scratch)
        counts.add(scratch, to: column)
      }
    }
    counts.rows += count
    return counts
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
  package func fitting(
    _ measured: MeasuredWidths, _ wanted: Layout
  ) -> (widths: [Int], layout: Layout) {
    let layout = narrowed(wanted, for: measured.typical)
    return (fit(measured, into: layout), layout)
  }

  /// The same for columns of these widths.
  package func fitting(_ natural: [Int], _ wanted: Layout) -> (widths: [Int], layout: Layout) {
    fitting(MeasuredWidths(widest: natural), wanted)
  }

  /// Whether columns of these natural widths do not fit even at their minimum.
  package func isTooWide(_ natural: [Int], for layout: Layout) -> Bool {
    guard let width = layout.width else { return false }
    let least = columns.indices.map { min(natural[$0], columns[$0].minimumWidth ?? .max) }
    return needed(least, narrowed(layout, for: natural)) > width
  }

  /// Whether columns of these widths do not fit without shrinking more than unusually wide cells.
  package func isTooWideAtRest(_ measured: MeasuredWidths, for layout: Layout) -> Bool {
    guard let width = layout.width else { return false }
    return needed(measured.typical, narrowed(layout, for: measured.typical)) > width
  }

  /// Shrinks the columns of `natural` widths until they fit `layout`, as far as they may shrink.
  package func fit(_ natural: [Int], into layout: Layout) -> [Int] {
    fit(MeasuredWidths(widest: natural), into: layout)
  }

  /// The same, and unusually wide cells shrink first. If nothing has to fit, they do not widen their
  /// columns.
  package func fit(_ measured: MeasuredWidths, into layout: Layout) -> [Int] {
    guard let width = layout.width else { return measured.typical }
    var widths = measured.widest
    var excess = needed(widths, layout) - width
    let order = columns.indices.sorted { (columns[$0].rank, $1) < (columns[$1].rank, $0) }
    func shrink(to least: (Int) -> Int?) {
      for column in order {
        guard excess > 0 else { return }
        guard let least = least(column) else { continue }
        let taken = min(excess, max(0, widths[column] - least))
        widths[column] -= taken
        excess -= taken
      }
    }
    shrink { measured.typical[$0] }
    shrink { columns[$0].minimumWidth }
    return widths
  }
}

/// The widths of the cells of each column.
private struct WidthCounts {
  /// The number of measured rows.
  var rows = 0
  private var widest: [Int]
  /// The number of cells of each width up to ``maximumWidth``; empty for columns that never shrink.
  private var cells: [[UInt32]]
  private let titles: [Int]

  /// Wider cells count as this wide.
  private static let maximumWidth = 255
  /// The least difference that makes a cell unusually wide, in columns.
  private static let leastDifference = 8
  /// Of fewer rows, none is unusual.
  private static let leastRows = 4
  /// One in this many rows may be unusually wide; one row always may.
  private static let usualRows = 20

  init(_ titles: [Int], countsWidths: [Bool]) {
    self.titles = titles
    widest = titles
    cells = countsWidths.map { $0 ? [UInt32](repeating: 0, count: Self.maximumWidth + 1) : [] }
  }

  /// Counts the text of a cell of `column`.
  mutating func add(_ text: [UInt8], to column: Int) {
    guard !cells[column].isEmpty else {
      // A text never takes more columns than bytes.
      if text.count > widest[column] {
        widest[column] = max(widest[column], CellCut.width(of: text[...]))
      }
      return
    }
    let width = CellCut.width(of: text[...])
    widest[column] = max(widest[column], width)
    cells[column][min(width, Self.maximumWidth)] += 1
  }

  /// Adds the counts of other rows.
  mutating func add(_ other: WidthCounts) {
    rows += other.rows
    for column in widest.indices {
      widest[column] = max(widest[column], other.widest[column])
      for width in cells[column].indices { cells[column][width] += other.cells[column][width] }
    }
  }

  var widths: MeasuredWidths {
    MeasuredWidths(widest: widest, typical: widest.indices.map(typical))
  }

  private func typical(_ column: Int) -> Int {
    guard rows >= Self.leastRows, !cells[column].isEmpty else { return widest[column] }
    var unusual = max(1, rows / Self.usualRows)
    var width = Self.maximumWidth
    while width > titles[column], Int(cells[column][width]) <= unusual {
      unusual -= Int(cells[column][width])
      width -= 1
    }
    let typical = max(width, titles[column])
    return widest[column] - typical >= Self.leastDifference ? typical : widest[column]
  }
}
