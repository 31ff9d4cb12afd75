import Connections
import Operations
import Presentation
import Rendering
import Reports
import Scanning
package import Screens

/// The connections of the live view as a table: the columns that fit, and the lines.
package struct TopTable {
  package let model: TopModel

  /// The number of rows that determine the widths, so that columns stay put while scrolling.
  private static let sampleSize = 512

  /// The width of the marks before each line. In a group, connections are indented.
  private var lead: Int { model.grouping == nil ? 2 : 4 }

  /// The heading and the lines of the connections at `places`, for `width` columns.
  package func lines(
    _ places: [Int], width: Int
  ) -> (heading: TopHeading, lines: [ScreenLine]) {
    let room = max(1, width - lead)
    let sample = model.view.places.prefix(Self.sampleSize).map(Int.init)
    let measured = Array(Set(places).union(sample))
    let (columns, natural, layout) = fitting(room, measured)
    let table = table(of: columns)
    let widths = table.fit(natural, into: layout)
    let printed = table.lines(places, widths: widths, layout)
    let heading = TopHeading(
      printed.heading, lead: lead, widths: widths, gap: layout.gap,
      keys: columns.map { TopOrder.isSortable($0) ? .connection($0) : nil })
    return (heading, zip(places, printed.lines).map(marked))
  }

  /// The columns that fit, their natural widths, and their layout.
  private func fitting(
    _ room: Int, _ measured: [Int]
  ) -> (columns: [TopColumn], natural: [Int], layout: Table.Layout) {
    let all =
      model.chosenColumns.map { chosen in TopColumn.selectable.filter { chosen.contains($0) } }
      ?? TopColumn.all.filter(isInformative)
    let natural = table(of: all).naturalWidths(for: Table.Layout(width: room), of: measured)
    let gap = room >= 100 ? 2 : 1
    let candidates = zip(all, natural).map { column, width in
      TopColumnChoice.Candidate(
        natural: width, minimum: column.minimumWidth ?? width, weight: column.weight,
        isStandard: model.chosenColumns != nil || column.isStandard)
    }
    let shown = TopColumnChoice.indices(of: candidates, room: room, gap: gap)
    return (
      shown.map { all[$0] }, shown.map { natural[$0] }, Table.Layout(width: room, gap: gap)
    )
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
        let arrow =
          order.column == column ? TopHeading.arrow(isDescending: order.isDescending) : ""
        return Table.Column(
          title: column.title + arrow, alignment: column.isNumber ? .right : .left,
          minimumWidth: column.minimumWidth, cut: column.cut, rank: column.rank)
      },
      rowCount: scan?.connections.count ?? 0,
      cell: { place, column, text in
        guard let scan else { return }
        switch columns[column] {
        case .list(let column):
          scan.text.append(column, of: scan.connections[place], to: &text)
        case .sent: text.append(contentsOf: Self.text(rates[place].sent).utf8)
        case .received: text.append(contentsOf: Self.text(rates[place].received).utf8)
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
    let indent = String(repeating: " ", count: lead - 2)
    guard let scan = model.scan else { return line }
    if model.marks[scan.snapshot.key(of: scan.connections[place])] != nil {
      return ScreenLine(
        [.init("*", ScreenLook(.cyan, .bold)), .init(" " + indent)] + line.marked(.bold).spans)
    }
    if model.rates.isNew(place) {
      return ScreenLine(
        [.init("+", ScreenLook(.green, .bold)), .init(" " + indent)]
          + line.colored(.green).spans)
    }
    return ScreenLine([.init("  " + indent)] + line.spans)
  }
}
