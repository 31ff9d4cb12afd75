import Connections
import Operations
import Presentation
package import Scanning

/// The order of connections in the live view.
package struct TopOrder: Equatable {
  package var column: TopColumn
  package var isDescending: Bool

  /// Longest idle first, as in `list`.
  package static let worstFirst = TopOrder(column: .list(.idle), isDescending: true)

  /// The columns that `s` and `<` go through, in display order.
  package static let columns = TopColumn.all.filter(isSortable)

  /// The order by `column`: numbers are descending.
  package init(by column: TopColumn) {
    self.init(column: column, isDescending: column.isNumber)
  }

  package init(column: TopColumn, isDescending: Bool) {
    self.column = column
    self.isDescending = isDescending
  }

  /// Whether connections can be sorted by `column`.
  package static func isSortable(_ column: TopColumn) -> Bool {
    switch column {
    case .list(let column): ConnectionOrder.columns.contains(column)
    case .sent, .received: true
    }
  }

  /// The order by the column `step` further, cyclically; numbers are descending.
  package func moved(by step: Int) -> TopOrder {
    let columns = Self.columns
    let index = (columns.firstIndex(of: column) ?? 0) + step
    return TopOrder(by: columns[(index % columns.count + columns.count) % columns.count])
  }

  /// The reverse order.
  package var reversed: TopOrder { TopOrder(column: column, isDescending: !isDescending) }

  /// The indices of the connections of `snapshot` in this order. Those without a value come last.
  package func sorted(_ snapshot: Snapshot, _ rates: TransferRates) -> [UInt32] {
    let value: KeyPath<TransferRate, UInt64?>
    switch column {
    case .list(let column):
      return ConnectionOrder(column: column, isDescending: isDescending).sorted(snapshot)
    case .sent: value = \.sent
    case .received: value = \.received
    }
    let figures = snapshot.connections.indices.map { rates[$0][keyPath: value] }
    return snapshot.connections.indices.sorted { lhs, rhs in
      switch (figures[lhs], figures[rhs]) {
      case (let figure?, let otherFigure?) where figure != otherFigure:
        isDescending ? figure > otherFigure : figure < otherFigure
      case (_?, nil): true
      case (nil, _?): false
      default: lhs < rhs
      }
    }.map(UInt32.init)
  }

  /// A description, such as `idle, longest first`.
  package var text: String {
    let direction =
      switch column {
      case .list(.idle), .list(.inState), .list(.age):
        isDescending ? "longest first" : "shortest first"
      case _ where column.isNumber: isDescending ? "largest first" : "smallest first"
      default: isDescending ? "descending" : "ascending"
      }
    return "\(column.name), \(direction)"
  }
}
