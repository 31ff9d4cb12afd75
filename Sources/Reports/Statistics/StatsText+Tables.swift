import Connections
import Presentation
import Rendering
import Scanning

// The tables of states and of groups.
extension StatsText {
  private static let unknown = "–"

  func statesTable(_ layout: Table.Layout) -> Table {
    let (ipv4, ipv6, both) = (report.tally.ipv4, report.tally.ipv6, report.tally.both)
    let states = states
    let counts = states.map { both[$0] }
    var table = StatsTable(rowCount: states.count)
    table.add("STATE", states.map(\.label))
    table.addNumbers("COUNT", counts.map(Count.text))
    addChanges(
      states.map { state in earlier.map { both[state] - $0.first.tally.both[state] } }, to: &table)
    table.addNumbers("IPV4", states.map { Count.text(ipv4[$0]) }, rank: 1)
    table.addNumbers("IPV6", states.map { Count.text(ipv6[$0]) }, rank: 1)
    if explains, explainsInTable(layout) {
      table.add("MEANING", states.map(\.explanation))
    } else {
      table.addBars(of: counts, layout)
    }
    return table.fitted(
      layout,
      styles: states.map { both[$0] == 0 ? .dim : $0 == .closeWait ? .yellow : nil })
  }

  func table(
    of groups: [(group: CombinedGroup, change: Int?)], _ layout: Table.Layout
  ) -> Table {
    let figures = groups.map(\.group.figures)
    var table = StatsTable(rowCount: groups.count)
    for (index, grouping) in report.groupings.enumerated() {
      table.add(
        grouping.title, groups.map { EscapedText.escaped($0.group.parts[index].label) },
        minimumWidth: report.groupings.count == 1 ? 15 : 12)
    }
    table.addNumbers("COUNT", figures.map { Count.text($0.count) })
    addChanges(groups.map(\.change), to: &table)
    table.addNumbers("CLOSE-WAIT", figures.map { Count.text($0.closeWait) })
    table.addNumbers(
      "IDLE 1h+", figures.map { $0.knownLongIdle.map(Count.text) ?? Self.unknown }, rank: 2)
    table.addNumbers(
      "OLDEST",
      figures.map {
        $0.oldestIdle.map { DurationText.rounded(milliseconds: UInt64($0)) } ?? Self.unknown
      }, rank: 1)
    table.addNumbers("RECV-Q", figures.map { Count.bytes($0.receiveQueue) }, rank: 3)
    table.addNumbers("SEND-Q", figures.map { Count.bytes($0.sendQueue) }, rank: 4)
    table.addBars(of: figures.map(\.count), layout)
    return table.fitted(
      layout, styles: figures.map { $0.count == 0 ? .dim : $0.closeWait > 0 ? .yellow : nil })
  }

  /// Adds the changes since the first report, and their rates.
  private func addChanges(_ changes: [Int?], to table: inout StatsTable) {
    guard isRepeated else { return }
    let elapsed = earlier.flatMap { report.elapsed(since: $0.first) }
    table.addNumbers("CHANGE", changes.map { $0.flatMap(Count.difference) ?? "" })
    table.addNumbers(
      "PER-MIN",
      changes.map { change in
        guard let change, let elapsed else { return "" }
        return Count.rate(change, per: 60_000, in: elapsed) ?? ""
      }, rank: 1)
  }
}

/// A table that omits its least important columns if it has too little room.
private struct StatsTable {
  private let rowCount: Int
  private var columns: [Table.Column] = []
  /// The cells of each column.
  private var cells: [[String]] = []
  /// Columns with a higher rank are omitted first; 0 is never omitted.
  private var ranks: [Int] = []

  init(rowCount: Int) {
    self.rowCount = rowCount
  }

  mutating func add(_ title: String, _ texts: [String], minimumWidth: Int? = nil) {
    columns.append(Table.Column(title: title, minimumWidth: minimumWidth))
    cells.append(texts)
    ranks.append(0)
  }

  mutating func addNumbers(_ title: String, _ texts: [String], rank: Int = 0) {
    columns.append(Table.Column(title: title, alignment: .right))
    cells.append(texts)
    ranks.append(rank)
  }

  /// Adds a column of bars if there is room.
  mutating func addBars(of counts: [Int], _ layout: Table.Layout) {
    let used = columns.indices.reduce(0) { used, column in
      let widest = cells[column].map { EscapedText.width(of: $0.utf8) }.max() ?? 0
      let title = layout.showsHeader ? columns[column].title.utf8.count : 0
      return used + max(widest, title) + layout.gap
    }
    let width = Bar.width(behind: used, in: layout.width)
    guard width > 0 else { return }
    let maximum = counts.max() ?? 0
    add("", counts.map { Bar.text($0, of: maximum, width: width) })
  }

  /// The table with the columns that fit.
  ///
  /// - Parameter styles: the style of each row's first cell; a dim row is dim as a whole.
  func fitted(_ layout: Table.Layout, styles: [Style?]) -> Table {
    var shown = Array(columns.indices)
    for rank in stride(from: ranks.max() ?? 0, to: 0, by: -1) {
      let table = table(of: shown, styles: styles)
      guard table.isTooWide(table.naturalWidths(for: layout), for: layout) else { break }
      shown.removeAll { ranks[$0] == rank }
    }
    return table(of: shown, styles: styles)
  }

  private func table(of shown: [Int], styles: [Style?]) -> Table {
    let cells = shown.map { self.cells[$0] }
    return Table(
      columns: shown.map { columns[$0] }, rowCount: rowCount,
      cell: { row, column, text in text.append(contentsOf: cells[column][row].utf8) },
      style: { row, column in column == 0 || styles[row] == .dim ? styles[row] : nil })
  }
}
