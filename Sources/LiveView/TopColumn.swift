import Connections
package import Presentation
package import Rendering

/// A column of the live view: a column of `list`, or a rate, which needs two scans.
package enum TopColumn: Hashable {
  case list(ConnectionColumn)
  case sent
  case received

  /// All columns, in display order.
  package static let all: [TopColumn] = [
    .list(.networkNamespace), .list(.state), .list(.local), .list(.peer), .sent, .received,
    .list(.idle), .list(.inState), .list(.age), .list(.receiveQueue), .list(.sendQueue),
    .list(.totalRetransmits), .list(.user), .list(.unit), .list(.process),
  ]

  /// The columns that the user can choose, in display order.
  package static let selectable: [TopColumn] = {
    let others = ConnectionColumn.allCases.map(TopColumn.list).filter {
      !all.contains($0) && !redundant.contains($0)
    }
    return all.dropLast(3) + others + all.suffix(3)
  }()

  /// The columns whose values other columns show too.
  private static let redundant: Set<TopColumn> = [
    .list(.localPort), .list(.peerPort), .list(.pid), .list(.descriptors), .list(.userID),
  ]

  /// The columns by importance; on a narrow terminal, the last ones are omitted first.
  private static let byImportance: [TopColumn] =
    standard + [
      .list(.receiveQueue), .list(.sendQueue), .list(.inState), .list(.totalRetransmits),
      .list(.unit), .list(.user), .list(.age),
    ] + selectable.filter { !all.contains($0) }

  /// The columns that fit 80 characters. Others are added only if these have ample room.
  private static let standard: [TopColumn] = [
    .list(.state), .list(.peer), .list(.idle), .list(.process), .list(.networkNamespace),
    .list(.local), .sent, .received,
  ]

  /// Whether the column is shown on a terminal 80 columns wide.
  package var isStandard: Bool { Self.standard.contains(self) }

  /// The rank by importance; the highest is omitted first.
  package var weight: Int { Self.byImportance.firstIndex(of: self) ?? Self.byImportance.count }

  /// The table heading.
  package var title: String {
    switch self {
    case .list(let column): column.title
    case .sent: "SENT/s"
    case .received: "RECV/s"
    }
  }

  /// The name in running text.
  package var name: String {
    switch self {
    case .list(let column): column.rawValue
    case .sent: "sent/s"
    case .received: "recv/s"
    }
  }

  /// Whether the value is a number, which is aligned right.
  package var isNumber: Bool {
    switch self {
    case .list(let column): column.isNumber
    case .sent, .received: true
    }
  }

  /// The minimum width; see ``ConnectionColumn/minimumWidth``.
  package var minimumWidth: Int? {
    switch self {
    case .list(.process): 12
    case .list(let column): column.minimumWidth
    case .sent, .received: nil
    }
  }

  /// Which part of a cell is cut off when the column shrinks.
  package var cut: CellCut {
    if case .list(let column) = self { column.cut } else { .end }
  }

  /// The rank in shrinking; see ``Table/Column/rank``.
  package var rank: Int {
    if case .list(let column) = self { column.rank } else { 2 }
  }
}
