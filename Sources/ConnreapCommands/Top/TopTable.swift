import Connections
import Scanning
import Screens

/// The table of the live view: the columns that there is room for, and its lines.
struct TopTable {
  let model: TopModel

  /// How many rows tell the widths, so that columns stay where they are while one scrolls.
  private static let measured = 512
  /// The mark, and what stands before each line.
  private static let lead = 2

  /// The heading and the lines of `rows` of the view, of `width` columns.
  func lines(_ rows: Range<Int>, width: Int) -> (heading: ScreenLine, lines: [ScreenLine]) {
    let room = max(1, width - Self.lead)
    let (columns, layout) = fitting(room)
    let table = table(of: columns, titled: true)
    let widths = table.fit(natural(table, rows), into: layout)
    let entries = model.view.entries
    let connections = rows.filter { if case .connection = entries[$0] { true } else { false } }
    let printed = table.lines(connections, widths: widths, layout)
    var next = printed.lines.makeIterator()
    let lines = rows.map { row in
      if case .group(let index) = entries[row] {
        return self.heading(of: model.view.groups[index], width: width)
      }
      return marked(row, next.next() ?? ScreenLine())
    }
    let heading = ScreenLine([.init("  ")] + printed.heading.spans)
    return (heading.fitted(to: width).marked([.reverse]), lines)
  }

  /// The columns for which there is room, and how close they stand.
  private func fitting(_ room: Int) -> (columns: [TopColumn], layout: Table.Layout) {
    let all = TopColumn.all.filter(isTelling)
    let table = table(of: all, titled: true)
    let natural = natural(table, 0..<0)
    let least = zip(table.columns, natural).map { column, width in
      min(width, column.shrinksTo ?? width)
    }
    var chosen: Set<TopColumn> = []
    var used = 0
    let gap = room >= 100 ? 2 : 1
    for index in all.indices.sorted(by: { all[$0].weight < all[$1].weight }) {
      let needed = least[index] + (chosen.isEmpty ? 0 : gap)
      guard used + needed <= room || chosen.isEmpty else { continue }
      used += needed
      chosen.insert(all[index])
    }
    return (all.filter(chosen.contains), Table.Layout(width: room, gap: gap))
  }

  /// Whether a column says something of any connection.
  private func isTelling(_ column: TopColumn) -> Bool {
    guard let scan = model.scan else { return column != .list(.networkNamespace) }
    switch column {
    case .list(.networkNamespace): return scan.snapshot.namespaces.count > 1
    case .list(.age): return scan.snapshot.knowsEarlierRuns
    case .list(.inState): return scan.connections.contains { $0.inStateAtLeast != nil }
    default: return true
    }
  }

  /// The widths that the columns would like to have.
  private func natural(_ table: Table, _ rows: Range<Int>) -> [Int] {
    let titles = table.columns.map(\.title.utf8.count)
    let entries = model.view.entries
    let some = Set(rows).union(0..<min(Self.measured, entries.count)).filter { row in
      if case .connection = entries[row] { true } else { false }
    }
    return table.measure(some, from: titles)
  }

  private func table(of columns: [TopColumn], titled: Bool) -> Table {
    let (entries, scan, rates, order) = (model.view.entries, model.scan, model.rates, model.order)
    @Sendable func connection(_ row: Int) -> Connection? {
      guard case .connection(let place) = entries[row] else { return nil }
      return scan?.connections[place]
    }
    return Table(
      columns: columns.map { column in
        let arrow = order.column == column ? (order.isDescending ? "▼" : "▲") : ""
        return Table.Column(
          title: column.title + arrow, alignment: column.isNumber ? .right : .left,
          shrinksTo: column.shrinksTo)
      },
      rowCount: entries.count,
      cell: { row, column, text in
        guard let scan, let connection = connection(row) else { return }
        let rate = rates[scan.snapshot.key(of: connection)]
        switch columns[column] {
        case .list(let column): scan.text.append(column, of: connection, to: &text)
        case .sent: text.append(contentsOf: Self.text(rate.sent).utf8)
        case .received: text.append(contentsOf: Self.text(rate.received).utf8)
        }
      },
      style: { row, column in
        connection(row).flatMap { Self.style(of: columns[column], of: $0) }
      })
  }

  private static func text(_ rate: UInt64?) -> String { rate.map(Count.bytes) ?? "–" }

  /// What catches the eye: leaks, and what has lain idle for long or is stuck.
  private static func style(of column: TopColumn, of connection: Connection) -> Style? {
    switch column {
    case .list(.state):
      switch connection.state {
      case .closeWait: .red
      case .timeWait, .lastAck, .closing, .finWait1, .finWait2: .dim
      default: nil
      }
    case .list(.idle):
      (connection.idle ?? 0) >= ConnectionGroup.Figures.idleLimit ? .yellow : nil
    case .list(.sendQueue): (connection.stalled ?? 0) >= stallLimit ? .yellow : nil
    default: nil
    }
  }

  /// From when on it is stuck rather than slow, in milliseconds.
  private static let stallLimit: UInt32 = 10_000

  private func marked(_ row: Int, _ line: ScreenLine) -> ScreenLine {
    guard let scan = model.scan, case .connection(let place) = model.view.entries[row],
      model.marks[scan.snapshot.key(of: scan.connections[place])] != nil
    else { return ScreenLine([.init("  ")] + line.spans) }
    return ScreenLine([.init("* ", ScreenLook(.cyan, .bold))] + line.marked(.bold).spans)
  }

  /// `▾ java[1744]  402 connections, 312 CLOSE-WAIT, 61 idle 1h+, oldest 2d04h   sent 0/s …`
  private func heading(of group: TopView.Group, width: Int) -> ScreenLine {
    let figures = group.group.figures
    let label = EscapedText.escaped(group.group.label)
    var line = ScreenLine(
      "\(group.isFolded ? "▸" : "▾") \(label)  ", ScreenLook(nil, .bold))
    line.append("\(Count.text(figures.count)) connection\(Count.plural(figures.count))")
    if figures.closeWait > 0 {
      line.append(", ")
      line.append("\(Count.text(figures.closeWait)) CLOSE-WAIT", ScreenLook(.red))
    }
    if let idle = figures.knownLongIdle, idle > 0 {
      line.append(", ")
      line.append("\(Count.text(idle)) idle 1h+", ScreenLook(.yellow))
    }
    if let oldest = figures.oldestIdle {
      line.append(", oldest \(DurationText.rounded(milliseconds: UInt64(oldest)))")
    }
    let right = "sent \(group.sent.text)/s  recv \(group.received.text)/s"
    let room = width - EscapedText.width(of: right.utf8) - 2
    guard line.width <= room else { return line }
    return ScreenLine(line.fitted(to: room + 2).spans + [.init(right)])
  }
}
