import Connections
import Operations
import Presentation
package import Scanning

/// In which order the live view shows connections.
package struct TopOrder: Equatable {
  package var column: TopColumn
  package var isDescending: Bool

  /// The longest idle first, as `list` has it.
  package static let worstFirst = TopOrder(column: .list(.idle), isDescending: true)

  /// The columns by which can be sorted, in the order in which they stand.
  package static let columns = TopColumn.all.filter { column in
    switch column {
    case .list(let column): ConnectionOrder.columns.contains(column)
    case .sent, .received: true
    }
  }

  /// The order by the column so many places further, round and round: figures the greatest first.
  package func moved(by step: Int) -> TopOrder {
    let columns = Self.columns
    let place = (columns.firstIndex(of: column) ?? 0) + step
    let next = columns[(place % columns.count + columns.count) % columns.count]
    return TopOrder(column: next, isDescending: next.isNumber)
  }

  package var reversed: TopOrder { TopOrder(column: column, isDescending: !isDescending) }

  /// The places of the connections of `snapshot` in this order; those without the value come last.
  package func sorted(_ snapshot: Snapshot, _ rates: TransferRates) -> [UInt32] {
    let value: KeyPath<TransferRate, UInt64?>
    switch column {
    case .list(let column):
      return ConnectionOrder(column: column, isDescending: isDescending).sorted(snapshot)
    case .sent: value = \.sent
    case .received: value = \.received
    }
    let figures = snapshot.connections.map { rates[snapshot.key(of: $0)][keyPath: value] }
    return snapshot.connections.indices.sorted { one, other in
      switch (figures[one], figures[other]) {
      case (let figure?, let otherFigure?) where figure != otherFigure:
        isDescending ? figure > otherFigure : figure < otherFigure
      case (_?, nil): true
      case (nil, _?): false
      default: one < other
      }
    }.map(UInt32.init)
  }

  /// `idle, longest first` and the like.
  package var text: String {
    let direction =
      switch column {
      case .list(.idle), .list(.inState), .list(.age):
        isDescending ? "longest first" : "shortest first"
      case _ where column.isNumber: isDescending ? "greatest first" : "least first"
      default: isDescending ? "backwards" : "forwards"
      }
    return "\(column.name), \(direction)"
  }
}
