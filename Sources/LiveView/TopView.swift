package import Connections
package import Operations
package import Presentation
import ProcessTable
import Rendering
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
    package var states = StateCounts()
    package var members: [UInt32] = []
    /// The processes of a program, as indices into the snapshot's owners; empty for other groups.
    package var processes: [UInt32] = []
    /// The container or unit of the process or program; nil if unknown.
    package var place: KernelName?
    /// How many members are marked.
    var marked = 0
    var isFolded = false
  }

  /// Whether any connection is listed, and not only groups.
  package private(set) var listsConnections = false

  package init() {}

  /// Derives the rows from `scan`. Groups are in no order until they are arranged.
  ///
  /// - Parameters:
  ///   - folded: the groups that show only their heading.
  ///   - isShown: whether a connection matches the filter.
  package init(
    of scan: TopScan, by grouping: Grouping?, in order: TopOrder, _ rates: TransferRates,
    folded: Folding, isShown: (UInt32) -> Bool
  ) {
    let snapshot = scan.snapshot
    // Sorting is the most expensive part, and folded groups do not show it.
    let isSorted = grouping == nil || folded.unfoldsAny
    let indices =
      isSorted
      ? order.sorted(snapshot, rates) : snapshot.connections.indices.map { UInt32($0) }
    places = indices.filter(isShown)
    for place in places {
      let connection = snapshot.connections[Int(place)]
      states.add(connection.state)
      guard connection.canMovePayload else { continue }
      sent.add(rates[Int(place)].sent)
      received.add(rates[Int(place)].received)
    }
    if let grouping {
      group(by: grouping, scan, rates)
      for index in groups.indices {
        groups[index].isFolded = folded.contains(groups[index].group.identity)
      }
    }
  }

  private mutating func group(by grouping: Grouping, _ scan: TopScan, _ rates: TransferRates) {
    let snapshot = scan.snapshot
    // A program follows from its process, whose key is cheaper to look up.
    let detail = grouping == .program ? .process : grouping
    var known: [GroupingKey: Int] = [:]
    var indices: [GroupingKey: Int] = [:]
    for place in places {
      let connection = snapshot.connections[Int(place)]
      let detailKey = detail.key(of: connection, in: snapshot)
      let index: Int
      if let knownIndex = known[detailKey] {
        index = knownIndex
      } else {
        let key = grouping.key(of: connection, in: snapshot)
        index = indices[key] ?? groups.count
        (known[detailKey], indices[key]) = (index, index)
        if index == groups.count {
          groups.append(Group(group: ConnectionGroup(key, in: snapshot, names: scan.text.names)))
        }
        if case .process(let process) = detailKey, let owners = snapshot.owners {
          if grouping == .program { groups[index].processes.append(process) }
          groups[index].place =
            owners.processes[Int(process)].controlGroup.flatMap { Program.Place($0) }?.label
        }
      }
      groups[index].group.figures.add(connection)
      groups[index].states.add(connection.state)
      groups[index].members.append(place)
      guard connection.canMovePayload else { continue }
      groups[index].sent.add(rates[Int(place)].sent)
      groups[index].received.add(rates[Int(place)].received)
    }
  }

  /// Sorts the groups, and lists the lines of the table.
  package mutating func arrange(by order: TopGroupOrder, _ trends: TopTrends, isGrouped: Bool) {
    guard isGrouped else {
      entries = places.map { .connection(Int($0)) }
      listsConnections = !entries.isEmpty
      return
    }
    order.sort(&groups, trends)
    entries = []
    for index in groups.indices {
      entries.append(.group(index))
      guard !groups[index].isFolded else { continue }
      entries += groups[index].members.map { .connection(Int($0)) }
    }
    listsConnections = entries.count > groups.count
  }

  /// Counts the marked members of each group.
  mutating func countMarks(_ isMarked: (UInt32) -> Bool) {
    for index in groups.indices {
      groups[index].marked = groups[index].members.count(where: isMarked)
    }
  }

  /// Counts no marked members.
  mutating func clearMarks() {
    for index in groups.indices { groups[index].marked = 0 }
  }

  /// The group of the line at `index`, or the one that lists its connection.
  package func group(at index: Int) -> Int? {
    guard entries.indices.contains(index), !groups.isEmpty else { return nil }
    for entry in entries[...index].reversed() {
      if case .group(let group) = entry { return group }
    }
    return nil
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

extension TopView.Group {
  /// The label, not yet escaped: of a program `orders.jar[2210] +3`, with its first pid and the
  /// number of its other processes.
  package func label(in scan: TopScan) -> String {
    guard let owners = scan.snapshot.owners, let first = processes.min() else {
      return group.label
    }
    let label = owners.processes[Int(first)].label.text
    return processes.count > 1 ? "\(label) +\(Count.text(processes.count - 1))" : label
  }
}

extension Connection {
  /// Whether the connection can have a rate. A minisocket or an unfinished handshake has none,
  /// which is not the same as an unknown rate.
  fileprivate var canMovePayload: Bool { state.isSynchronized && inode != 0 }
}

/// The groups that are folded, showing only their heading.
package struct Folding {
  private var isFoldedByDefault = true
  private var exceptions: Set<ConnectionGroup.Identity> = []

  /// Whether `group` is folded.
  package func contains(_ group: ConnectionGroup.Identity) -> Bool {
    isFoldedByDefault != exceptions.contains(group)
  }

  /// Whether any group may be unfolded.
  var unfoldsAny: Bool { !isFoldedByDefault || !exceptions.isEmpty }

  mutating func toggle(_ group: ConnectionGroup.Identity) {
    if exceptions.remove(group) == nil { exceptions.insert(group) }
  }

  mutating func toggleAll() {
    isFoldedByDefault.toggle()
    exceptions = []
  }
}
