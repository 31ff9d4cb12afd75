import Connections
import Presentation
import Rendering

/// A column of the table of leaks.
enum LeakColumn {
  case name, place, user, leaked, closeWait, idle, dead, growth, since, descriptors, lasts, peer

  /// The columns of `-o table`.
  static let table: [LeakColumn] = [
    .name, .place, .leaked, .dead, .growth, .since, .descriptors, .lasts, .peer,
  ]

  /// The columns of `-o wide`.
  static let wide: [LeakColumn] = [
    .name, .place, .user, .leaked, .closeWait, .idle, .dead, .growth, .since, .descriptors, .lasts,
    .peer,
  ]

  /// The columns to omit on a narrow terminal, in this order.
  private static let dispensable: [LeakColumn] = [.lasts, .dead, .place, .descriptors, .since]

  /// The cell of `group`.
  func text(of group: LeakGroup) -> String {
    switch self {
    case .name: group.name
    case .place: group.place
    case .user: group.userID.map { "\($0)" } ?? LeakGroup.unknown
    case .leaked: Count.text(group.leaked)
    case .closeWait: Count.text(group.figures.closeWait)
    case .idle: Count.text(group.leakedIdle)
    case .dead: group.deadText
    case .growth: group.growth?.text ?? LeakGroup.unknown
    case .since: group.since
    case .descriptors: group.descriptors
    case .lasts: group.lasts
    case .peer: group.mainPeer
    }
  }

  func column(by grouping: Grouping) -> Table.Column {
    switch self {
    // Who leaks, and to whom: the last to be shortened.
    case .name: Table.Column(title: grouping.title, minimumWidth: 20, rank: 2)
    case .peer: Table.Column(title: "MAIN PEER", minimumWidth: 21, rank: 1)
    case .place: Table.Column(title: "UNIT", minimumWidth: 8, rank: 0)
    case .user: Table.Column(title: "UID", alignment: .right)
    case .leaked: Table.Column(title: "LEAKED", alignment: .right)
    case .closeWait: Table.Column(title: "CLOSE-WAIT", alignment: .right)
    case .idle: Table.Column(title: "IDLE", alignment: .right)
    case .dead: Table.Column(title: "DEAD", alignment: .right)
    case .growth: Table.Column(title: "GROWTH")
    case .since: Table.Column(title: "SINCE")
    case .descriptors: Table.Column(title: "FDS")
    case .lasts: Table.Column(title: "LASTS")
    }
  }

  /// The indices of `columns` to print: as many as fit.
  static func fitting(
    _ columns: [LeakColumn], _ rows: [[String]], by grouping: Grouping, _ layout: Table.Layout
  ) -> [Int] {
    // A column without any value is noise.
    var used = columns.indices.filter { column in
      switch columns[column] {
      case .name, .leaked, .peer: true
      case .place: !grouping.isPlace && rows.contains { $0[column] != LeakGroup.unknown }
      default: rows.contains { $0[column] != LeakGroup.unknown }
      }
    }
    func isTooWide() -> Bool {
      let table = Table(
        columns: used.map { columns[$0].column(by: grouping) }, rowCount: rows.count,
        cell: { [used] row, column, text in text.append(contentsOf: rows[row][used[column]].utf8) })
      return table.isTooWide(table.naturalWidths(for: layout), for: layout)
    }
    for candidate in dispensable where isTooWide() {
      used.removeAll { columns[$0] == candidate }
    }
    return used
  }
}

extension Grouping {
  /// Whether the groups themselves are places.
  fileprivate var isPlace: Bool { self == .unit || self == .container || self == .pod }
}
