package import Connections
import Presentation

/// A column of the table of groups.
package enum TopGroupColumn: Int, CaseIterable, Hashable, Sendable {
  case name
  case place
  case count
  case closeWait
  case change
  case trend
  case longIdle
  case oldest
  case sent
  case received
  case receiveQueue
  case sendQueue

  /// The columns by importance; on a narrow terminal, the last ones are omitted first.
  private static let byImportance: [TopGroupColumn] =
    standard + [.place, .sent, .received, .longIdle, .receiveQueue, .sendQueue]

  /// The columns that fit 80 characters. Others are added only if names have ample room.
  private static let standard: [TopGroupColumn] = [
    .name, .count, .closeWait, .change, .oldest, .trend,
  ]

  /// Whether the column is shown on a terminal 80 columns wide.
  package var isStandard: Bool { Self.standard.contains(self) }

  /// The rank by importance; the highest is omitted first.
  package var weight: Int { Self.byImportance.firstIndex(of: self) ?? Self.byImportance.count }

  /// The columns that groups can be sorted by, in display order.
  package static let sortable = allCases.filter { $0 != .trend }

  /// The table heading, for groups of `grouping`.
  package func title(of grouping: Grouping) -> String {
    switch self {
    case .name: grouping.title
    case .place: "UNIT"
    case .count: "COUNT"
    case .closeWait: "CLOSE-WAIT"
    case .change: "CHANGE"
    case .trend: "TREND"
    case .longIdle: "IDLE 1h+"
    case .oldest: "OLDEST"
    case .sent: "SENT/s"
    case .received: "RECV/s"
    case .receiveQueue: "RECV-Q"
    case .sendQueue: "SEND-Q"
    }
  }

  /// The name in running text, for groups of `grouping`.
  package func name(of grouping: Grouping) -> String {
    switch self {
    case .name: grouping.rawValue.replacing("-", with: " ")
    case .closeWait: "CLOSE-WAIT"
    case .trend: "CLOSE-WAIT trend"
    case .longIdle: "idle 1h+"
    case .receiveQueue: "recv-queue"
    case .sendQueue: "send-queue"
    default: title(of: grouping).lowercased()
    }
  }
}

/// The order of groups in the live view.
package struct TopGroupOrder: Equatable {
  package var column: TopGroupColumn
  package var isDescending: Bool

  /// Most connections in CLOSE-WAIT first.
  package static let worstFirst = TopGroupOrder(.closeWait)

  /// The order by `column`: numbers are descending.
  package init(_ column: TopGroupColumn) {
    self.column = column
    isDescending = column != .name && column != .place
  }

  /// The order by the column `step` further, cyclically.
  package func moved(by step: Int) -> TopGroupOrder {
    let columns = TopGroupColumn.sortable
    let index = (columns.firstIndex(of: column) ?? 0) + step
    return TopGroupOrder(columns[(index % columns.count + columns.count) % columns.count])
  }

  /// The reverse order.
  package var reversed: TopGroupOrder {
    var order = self
    order.isDescending.toggle()
    return order
  }

  /// A description, such as `CLOSE-WAIT, largest first`.
  package func text(of grouping: Grouping) -> String {
    let direction =
      switch column {
      case .name, .place: isDescending ? "descending" : "ascending"
      case .oldest: isDescending ? "longest first" : "shortest first"
      default: isDescending ? "largest first" : "smallest first"
      }
    return "\(column.name(of: grouping)), \(direction)"
  }

  /// Sorts `groups`. Those without a value come last. Of equal groups, the one with more
  /// connections in CLOSE-WAIT comes first, then the one with more connections.
  package func sort(_ groups: inout [TopView.Group], _ trends: TopTrends) {
    let values = groups.map { value(of: $0, trends) }
    let names = groups.map { group in
      column == .place ? group.place ?? KernelName("") : KernelName(group.group.label)
    }
    groups = groups.indices.sorted { lhs, rhs in
      if column == .name || column == .place, names[lhs] != names[rhs] {
        return isDescending ? names[rhs] < names[lhs] : names[lhs] < names[rhs]
      }
      switch (values[lhs], values[rhs]) {
      case (let value?, let other?) where value != other:
        return isDescending ? value > other : value < other
      case (_?, nil): return true
      case (nil, _?): return false
      default: break
      }
      let (figures, others) = (groups[lhs].group.figures, groups[rhs].group.figures)
      if figures.closeWait != others.closeWait { return figures.closeWait > others.closeWait }
      if figures.count != others.count { return figures.count > others.count }
      return names[lhs] == names[rhs] ? lhs < rhs : names[lhs] < names[rhs]
    }.map { groups[$0] }
  }

  private func value(of group: TopView.Group, _ trends: TopTrends) -> Int? {
    let figures = group.group.figures
    return switch column {
    case .name, .place, .trend: nil
    case .count: figures.count
    case .closeWait: figures.closeWait
    case .change: trends.change(of: group.group)
    case .longIdle: figures.knownLongIdle
    case .oldest: figures.oldestIdle.map(Int.init)
    case .sent: group.sent.known.map(Int.init(clamping:))
    case .received: group.received.known.map(Int.init(clamping:))
    case .receiveQueue: Int(clamping: figures.receiveQueue)
    case .sendQueue: Int(clamping: figures.sendQueue)
    }
  }
}

/// What a heading sorts by.
package enum TopSortKey: Hashable {
  case group(TopGroupColumn)
  case connection(TopColumn)
}
