package import Connections
package import Operations
package import Presentation
import Reports
import Scanning

/// The rows of the table: derived from the scan, the order, the filter and the grouping.
package struct TopView {
  package private(set) var entries: [Entry] = []
  package private(set) var groups: [Group] = []
  /// The snapshot indices of all matching connections, folded ones included, in display order.
  package private(set) var places: [UInt32] = []
  package private(set) var sent = RateSum()
  package private(set) var received = RateSum()
  package private(set) var states = StateCounts()

  /// One line of the table.
  package enum Entry: Equatable {
    /// The heading of a group, by its index.
    case group(Int)
    /// A connection, by its index in the snapshot.
    case connection(Int)
  }

  /// What the cursor is on, identified across scans.
  package enum Target: Hashable {
    case connection(ConnectionKey)
    case group(ConnectionGroup.Identity)
  }

  /// The connections under one heading.
  package struct Group {
    package var group: ConnectionGroup
    package var sent = RateSum()
    package var received = RateSum()
    package var members: [UInt32] = []
    var isFolded = false
  }

  package init() {}

  /// Derives the rows from `scan`.
  ///
  /// - Parameters:
  ///   - folded: the groups that show only their heading.
  ///   - isShown: whether a connection matches the filter.
  package init(
    of scan: TopScan, by grouping: Grouping?, in order: TopOrder, _ rates: TransferRates,
    folded: Folding, isShown: (Connection) -> Bool
  ) {
    let snapshot = scan.snapshot
    places = order.sorted(snapshot, rates).filter { isShown(snapshot.connections[Int($0)]) }
    for place in places {
      let connection = snapshot.connections[Int(place)]
      let rate = rates[snapshot.key(of: connection)]
      states.add(connection.state)
      guard connection.canMovePayload else { continue }
      sent.add(rate.sent)
      received.add(rate.received)
    }
    guard let grouping else {
      entries = places.map { .connection(Int($0)) }
      return
    }
    var known: [GroupingKey: Int] = [:]
    for place in places {
      let connection = snapshot.connections[Int(place)]
      let key = grouping.key(of: connection, in: snapshot)
      let index = known[key] ?? groups.count
      if known[key] == nil {
        known[key] = index
        groups.append(Group(group: ConnectionGroup(key, in: snapshot, names: scan.text.names)))
      }
      groups[index].group.figures.add(connection)
      groups[index].members.append(place)
      guard connection.canMovePayload else { continue }
      let rate = rates[snapshot.key(of: connection)]
      groups[index].sent.add(rate.sent)
      groups[index].received.add(rate.received)
    }
    sortGroups(in: order)
    for index in groups.indices {
      groups[index].isFolded = folded.contains(groups[index].group.identity)
      entries.append(.group(index))
      if !groups[index].isFolded {
        entries += groups[index].members.map { .connection(Int($0)) }
      }
    }
  }

  /// Sorts groups by their sum, for columns that have one; otherwise by their first connection.
  private mutating func sortGroups(in order: TopOrder) {
    let sum: (Group) -> UInt64?
    switch order.column {
    case .sent: sum = { $0.sent.known }
    case .received: sum = { $0.received.known }
    case .list(.receiveQueue): sum = { $0.group.figures.receiveQueue }
    case .list(.sendQueue): sum = { $0.group.figures.sendQueue }
    case .list: return
    }
    let sums = groups.map(sum)
    groups = groups.indices.sorted { lhs, rhs in
      switch (sums[lhs], sums[rhs]) {
      case (let figure?, let otherFigure?) where figure != otherFigure:
        order.isDescending ? figure > otherFigure : figure < otherFigure
      case (_?, nil): true
      case (nil, _?): false
      default: lhs < rhs
      }
    }.map { groups[$0] }
  }

  /// The target of the line at `index`; nil if there is no such line.
  package func target(at index: Int, in scan: TopScan) -> Target? {
    guard entries.indices.contains(index) else { return nil }
    switch entries[index] {
    case .group(let index): return .group(groups[index].group.identity)
    case .connection(let place):
      return .connection(scan.snapshot.key(of: scan.connections[place]))
    }
  }

  /// The index of the line of `target`; nil if there is none.
  package func index(of target: Target, in scan: TopScan) -> Int? {
    entries.indices.first { self.target(at: $0, in: scan) == target }
  }
}

extension Connection {
  /// Whether the connection can have a rate. A minisocket or an unfinished handshake has none,
  /// which is not the same as an unknown rate.
  fileprivate var canMovePayload: Bool { state.isSynchronized && inode != 0 }
}

/// The groups that are folded, showing only their heading.
package struct Folding {
  private var isFoldedByDefault = false
  private var exceptions: Set<ConnectionGroup.Identity> = []

  /// Whether `group` is folded.
  package func contains(_ group: ConnectionGroup.Identity) -> Bool {
    isFoldedByDefault != exceptions.contains(group)
  }

  mutating func toggle(_ group: ConnectionGroup.Identity) {
    if exceptions.remove(group) == nil { exceptions.insert(group) }
  }

  mutating func toggleAll() {
    isFoldedByDefault.toggle()
    exceptions = []
  }
}
