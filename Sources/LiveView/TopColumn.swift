import Connections
package import Presentation
package import Rendering

/// A column of the live view: one of those of a list, or a rate, which takes two scans.
package enum TopColumn: Hashable {
  case list(ConnectionColumn)
  case sent
  case received

  /// In the order in which they stand.
  package static let all: [TopColumn] = [
    .list(.networkNamespace), .list(.state), .list(.local), .list(.peer), .sent, .received,
    .list(.idle), .list(.inState), .list(.age), .list(.receiveQueue), .list(.sendQueue),
    .list(.totalRetransmits), .list(.user), .list(.unit), .list(.process),
  ]

  /// In the order in which they are given up on a narrow terminal, the last one first.
  private static let byWeight: [TopColumn] =
    usual + [
      .list(.receiveQueue), .list(.sendQueue), .list(.inState), .list(.totalRetransmits),
      .list(.unit), .list(.user), .list(.age),
    ]

  /// Those that 80 columns have room for. The others come where these have what they need.
  private static let usual: [TopColumn] = [
    .list(.state), .list(.peer), .list(.idle), .list(.process), .list(.networkNamespace),
    .list(.local), .sent, .received,
  ]

  package var isUsual: Bool { Self.usual.contains(self) }

  /// What is given up last has the least.
  package var weight: Int { Self.byWeight.firstIndex(of: self) ?? Self.byWeight.count }

  package var title: String {
    switch self {
    case .list(let column): column.title
    case .sent: "SENT/s"
    case .received: "RECV/s"
    }
  }

  /// Its name in a sentence.
  package var name: String {
    switch self {
    case .list(let column): column.rawValue.replacing("-", with: " ")
    case .sent: "sent/s"
    case .received: "recv/s"
    }
  }

  package var isNumber: Bool {
    switch self {
    case .list(let column): column.isNumber
    case .sent, .received: true
    }
  }

  /// How far it may shrink; see ``ConnectionColumn/shrinksTo``.
  package var shrinksTo: Int? {
    switch self {
    case .list(.process): 12
    case .list(let column): column.shrinksTo
    case .sent, .received: nil
    }
  }

  /// What goes of a cell that is cut.
  package var cut: CellCut {
    if case .list(let column) = self { column.cut } else { .end }
  }

  /// Which columns shrink first; see ``Table/Column/rank``.
  package var rank: Int {
    if case .list(let column) = self { column.rank } else { 2 }
  }
}
