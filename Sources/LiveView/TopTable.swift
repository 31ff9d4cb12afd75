import Connections
import Operations
import Presentation
import Rendering
import Reports
import Scanning
package import Screens

/// The table of the live view: the columns that fit, and the lines.
package struct TopTable {
  package let model: TopModel

  /// The number of rows that determine the widths, so that columns stay put while scrolling.
  private static let sampleSize = 512
  /// The width of the mark before each line.
  private static let lead = 2

  /// The heading and the lines of the view's `rows`, `width` columns wide.
  package func lines(_ rows: Range<Int>, width: Int) -> (heading: ScreenLine, lines: [ScreenLine]) {
    let room = max(1, width - Self.lead)
    let places = model.view.entries[rows].compactMap { entry -> Int? in
      if case .connection(let place) = entry { place } else { nil }
    }
    let measured = Set(places).union(model.view.places.prefix(Self.sampleSize).map(Int.init))
    let (columns, natural, layout) = fitting(room, Array(measured))
    let table = table(of: columns)
    let widths = table.fit(natural, into: layout)
    let printed = table.lines(places, widths: widths, layout)
    var next = printed.lines.makeIterator()
    let lines = model.view.entries[rows].map { entry in
      switch entry {
      case .group(let index):
        self.heading(
          of: model.view.groups[index], columns: columns, widths: widths, gap: layout.gap)
      case .connection(let place): marked(place, next.next() ?? ScreenLine())
      }
    }
    let heading = ScreenLine([.init("  ")] + printed.heading.spans)
    return (heading.fitted(to: width).marked(.reverse), lines)
  }

  /// The columns that fit, their natural widths, and their layout.
  private func fitting(
    _ room: Int, _ measured: [Int]
  ) -> (columns: [TopColumn], natural: [Int], layout: Table.Layout) {
    let all = TopColumn.all.filter(isInformative)
    let natural = table(of: all).naturalWidths(for: Table.Layout(width: room), of: measured)
    let gap = room >= 100 ? 2 : 1
    var chosen: Set<TopColumn> = []
    var minimumTotal = 0
    var ampleTotal = 0
    for index in all.indices.sorted(by: { all[$0].weight < all[$1].weight }) {
      let (width, minimum) = (natural[index], minimumWidth(all[index]) ?? natural[index])
      let gap = chosen.isEmpty ? 0 : gap
      minimumTotal += min(width, minimum) + gap
      ampleTotal += min(width, 2 * minimum) + gap
      let fits = all[index].isStandard ? minimumTotal <= room : ampleTotal <= room
      guard fits || chosen.isEmpty else { break }
      chosen.insert(all[index])
    }
    let shown = all.indices.filter { chosen.contains(all[$0]) }
    return (
      shown.map { all[$0] }, shown.map { natural[$0] }, Table.Layout(width: room, gap: gap)
    )
  }

  /// The minimum width of a column. Group headings need the space of the first columns.
  private func minimumWidth(_ column: TopColumn) -> Int? {
    model.grouping != nil && column == .list(.local) ? 15 : column.minimumWidth
  }

  /// Whether a column has a value for any connection.
  private func isInformative(_ column: TopColumn) -> Bool {
    guard let scan = model.scan else { return column != .list(.networkNamespace) }
    switch column {
    case .list(.networkNamespace): return scan.snapshot.namespaces.count > 1
    case .list(.age): return scan.snapshot.hasHistory
    case .list(.unit):
      return scan.connections.prefix(Self.sampleSize).contains {
        scan.snapshot.controlGroup(of: $0)?.unit != nil
      }
    case .list(.inState): return scan.connections.contains { $0.inStateAtLeast != nil }
    default: return true
    }
  }

  /// All connections of the scan as a table, by index.
  private func table(of columns: [TopColumn]) -> Table {
    let (scan, rates, order) = (model.scan, model.rates, model.order)
    return Table(
      columns: columns.map { column in
        let arrow = order.column == column ? (order.isDescending ? "▼" : "▲") : ""
        return Table.Column(
          title: column.title + arrow, alignment: column.isNumber ? .right : .left,
          minimumWidth: minimumWidth(column), cut: column.cut, rank: column.rank)
      },
      rowCount: scan?.connections.count ?? 0,
      cell: { place, column, text in
        guard let scan else { return }
        let connection = scan.connections[place]
        switch columns[column] {
        case .list(let column): scan.text.append(column, of: connection, to: &text)
        case .sent:
          let rate = rates[scan.snapshot.key(of: connection)].sent
          text.append(contentsOf: Self.text(rate).utf8)
        case .received:
          let rate = rates[scan.snapshot.key(of: connection)].received
          text.append(contentsOf: Self.text(rate).utf8)
        }
      },
      style: { place, column in
        scan.flatMap { Self.style(of: columns[column], of: $0.connections[place]) }
      })
  }

  private static func text(_ rate: UInt64?) -> String { rate.map(Count.bytes) ?? "–" }

  /// Highlights leaks, and long idle or stalled connections.
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

  /// The time after which a connection counts as stalled rather than slow, in milliseconds.
  private static let stallLimit: UInt32 = 10_000

  private func marked(_ place: Int, _ line: ScreenLine) -> ScreenLine {
    guard let scan = model.scan,
      model.marks[scan.snapshot.key(of: scan.connections[place])] != nil
    else { return ScreenLine([.init("  ")] + line.spans) }
    return ScreenLine([.init("* ", ScreenLook(.cyan, .bold))] + line.marked(.bold).spans)
  }

  /// `▾ java[1744]  402, 312 CLOSE-WAIT, 61 idle 1h+       1.2k   48M   2d04h`
  ///
  /// Sums are below their column headings, and the name and counts before them.
  private func heading(
    of group: TopView.Group, columns: [TopColumn], widths: [Int], gap: Int
  ) -> ScreenLine {
    let bold = ScreenLook(nil, .bold)
    var line = self.line(naming: group)
    let first = columns.firstIndex { figure(of: group, in: $0) != nil } ?? columns.count
    let lead = zip(columns, widths).prefix(first).reduce(Self.lead) { $0 + $1.1 + gap }
    line = ScreenLine(line.fitted(to: max(0, lead - 1)).spans + [.init(" ")])
    for (column, width) in zip(columns, widths).dropFirst(first) {
      let figure = figure(of: group, in: column) ?? ""
      let isIdle = (group.group.figures.oldestIdle ?? 0) >= ConnectionGroup.Figures.idleLimit
      let look = column == .list(.idle) && isIdle ? ScreenLook(.yellow, .bold) : bold
      line.append(
        String(repeating: " ", count: max(0, width - EscapedText.width(of: figure.utf8))))
      line.append(figure, look)
      line.append(String(repeating: " ", count: gap))
    }
    return line
  }

  /// The name of `group`, and its counts.
  private func line(naming group: TopView.Group) -> ScreenLine {
    let figures = group.group.figures
    var line = ScreenLine(
      "\(group.isFolded ? "▸" : "▾") \(EscapedText.escaped(group.group.label))  ",
      ScreenLook(nil, .bold))
    line.append(Count.text(figures.count))
    if figures.closeWait > 0 {
      line.append(", ")
      line.append("\(Count.text(figures.closeWait)) CLOSE-WAIT", ScreenLook(.red))
    }
    if let idle = figures.knownLongIdle, idle > 0 {
      line.append(", ")
      line.append("\(Count.text(idle)) idle 1h+", ScreenLook(.yellow))
    }
    return line
  }

  /// The sum of `group` in `column`; nil if the column has none.
  private func figure(of group: TopView.Group, in column: TopColumn) -> String? {
    let figures = group.group.figures
    return switch column {
    case .sent: group.sent.text
    case .received: group.received.text
    case .list(.idle):
      figures.oldestIdle.map { DurationText.rounded(milliseconds: UInt64($0)) } ?? "–"
    case .list(.receiveQueue): Count.bytes(figures.receiveQueue)
    case .list(.sendQueue): Count.bytes(figures.sendQueue)
    default: nil
    }
  }
}
