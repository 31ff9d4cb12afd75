import Connections
import Presentation
import Rendering
package import Screens

/// The groups of the live view as a table: the columns that fit, and the lines.
package struct TopGroupTable {
  package let model: TopModel

  /// The number of groups that determine the widths, so that columns stay put while scrolling.
  private static let sampleSize = 512
  /// The width of the marks before each line.
  private static let lead = 4
  /// The width of a name that is always shown.
  private static let minimumName = 20

  private var grouping: Grouping { model.grouping ?? .process }

  /// The heading and the lines of the groups with `indices`, for `width` columns.
  package func lines(
    _ indices: [Int], width: Int
  ) -> (heading: TopHeading, lines: [ScreenLine]) {
    let room = max(1, width - Self.lead)
    let gap = room >= 100 ? 2 : 1
    let all = TopGroupColumn.allCases.filter { column in
      switch column {
      case .name: true
      case .place where !hasPlaces: false
      default: model.chosenGroupColumns.map { $0.contains(column) } ?? true
      }
    }
    let trendWidth = room >= 90 ? 16 : 8
    let natural = table(of: all, trendWidth).naturalWidths(
      for: Table.Layout(width: room),
      of: Array(Set(indices).union(model.view.groups.indices.prefix(Self.sampleSize))))
    let candidates = zip(all, natural).map { column, width in
      TopColumnChoice.Candidate(
        natural: width, minimum: Self.minimumWidth(of: column) ?? width,
        weight: column.weight, isStandard: model.chosenGroupColumns != nil || column.isStandard)
    }
    let shown = TopColumnChoice.indices(of: candidates, room: room, gap: gap)
    let columns = shown.map { all[$0] }
    let table = table(of: columns, trendWidth)
    let layout = Table.Layout(width: room, gap: gap)
    let widths = table.fit(shown.map { natural[$0] }, into: layout)
    let printed = table.lines(indices, widths: widths, layout)
    let heading = TopHeading(
      printed.heading, lead: Self.lead, widths: widths, gap: gap,
      keys: columns.map { $0 == .trend ? nil : .group($0) })
    return (heading, zip(indices, printed.lines).map(marked))
  }

  private func table(of columns: [TopGroupColumn], _ trendWidth: Int) -> Table {
    let (groups, trends, order) = (model.view.groups, model.trends, model.groupOrder)
    let (grouping, scan) = (grouping, model.scan)
    return Table(
      columns: columns.map { column in
        let arrow =
          order.column == column ? TopHeading.arrow(isDescending: order.isDescending) : ""
        return Table.Column(
          title: column.title(of: grouping) + arrow,
          alignment: Self.isText(column) ? .left : .right,
          minimumWidth: Self.minimumWidth(of: column),
          cut: column == .name ? Self.cut(of: grouping) : .end,
          rank: column == .place ? 0 : 1)
      },
      rowCount: groups.count,
      cell: { index, column, text in
        let group = groups[index]
        if columns[column] == .name {
          EscapedText.append(scan.map(group.label) ?? group.group.label, to: &text)
        } else {
          Self.append(columns[column], of: group, trends, trendWidth, to: &text)
        }
      },
      style: { index, column in Self.style(of: columns[column], of: groups[index]) })
  }

  /// Whether any group has a container or unit.
  private var hasPlaces: Bool { model.view.groups.contains { $0.place != nil } }

  private static func isText(_ column: TopGroupColumn) -> Bool {
    column == .name || column == .place || column == .trend
  }

  /// Which part of a name is cut off when it is too long.
  private static func cut(of grouping: Grouping) -> CellCut {
    switch grouping {
    case .peer: .address
    case .listener: .peer
    default: .owner
    }
  }

  /// The minimum width of a column; nil if it never shrinks.
  private static func minimumWidth(of column: TopGroupColumn) -> Int? {
    switch column {
    case .name: minimumName
    case .place: 12
    default: nil
    }
  }

  private static func append(
    _ column: TopGroupColumn, of group: TopView.Group, _ trends: TopTrends, _ trendWidth: Int,
    to text: inout [UInt8]
  ) {
    let figures = group.group.figures
    let value: String
    switch column {
    case .name: return
    case .place:
      if let place = group.place { return EscapedText.append(place, to: &text) }
      value = unknown
    case .count: value = Count.text(figures.count)
    case .closeWait: value = Count.text(figures.closeWait)
    case .change:
      value = trends.change(of: group.group).map { Count.difference($0) ?? "0" } ?? unknown
    case .trend:
      let bars = trends.trend(of: group.group, width: trendWidth)
      let blanks = trendWidth - bars.unicodeScalars.count
      value = bars + String(repeating: " ", count: max(0, blanks))
    case .longIdle: value = figures.knownLongIdle.map(Count.text) ?? unknown
    case .oldest:
      value =
        figures.oldestIdle.map { DurationText.rounded(milliseconds: UInt64($0)) } ?? unknown
    case .sent: value = group.sent.text
    case .received: value = group.received.text
    case .receiveQueue: value = Count.bytes(figures.receiveQueue)
    case .sendQueue: value = Count.bytes(figures.sendQueue)
    }
    text.append(contentsOf: value.utf8)
  }

  private static let unknown = "–"

  private static func style(of column: TopGroupColumn, of group: TopView.Group) -> Style? {
    let figures = group.group.figures
    switch column {
    case .name: return .bold
    case .closeWait, .trend: return figures.closeWait > 0 ? .red : nil
    case .longIdle: return figures.longIdle > 0 ? .yellow : nil
    case .oldest:
      return (figures.oldestIdle ?? 0) >= ConnectionGroup.Figures.idleLimit ? .yellow : nil
    default: return nil
    }
  }

  /// The line with its marks: `*` for a marked group, `-` for a partly marked one, `+` for a new
  /// one, and whether it is folded.
  private func marked(_ index: Int, _ line: ScreenLine) -> ScreenLine {
    let group = model.view.groups[index]
    var marked = ScreenLine()
    var line = line
    if group.marked > 0 {
      marked.append(
        group.marked == group.members.count ? "*" : "·", ScreenLook(.cyan, .bold))
      if group.marked == group.members.count { line = line.marked(.bold) }
    } else if model.trends.isNew(group.group) {
      marked.append("+", ScreenLook(.green, .bold))
      line = line.colored(.green)
    } else {
      marked.append(" ")
    }
    marked.append(group.isFolded ? " ▸ " : " ▾ ")
    return ScreenLine(marked.spans + line.spans)
  }
}
