import Connections
import ProcessTable
package import Scanning

/// In which order connections are listed: `--sort KEY[:desc]`.
package struct ConnectionOrder: Equatable {
  package let column: ConnectionColumn
  package let isDescending: Bool

  package init(column: ConnectionColumn, isDescending: Bool) {
    self.column = column
    self.isDescending = isDescending
  }

  /// The longest idle first.
  package static let worstFirst = ConnectionOrder(column: .idle, isDescending: true)

  /// The columns by which can be sorted.
  package static let columns: [ConnectionColumn] = ConnectionColumn.allCases.filter {
    $0.sortKey != nil
  }

  /// The places of the connections of `snapshot` in this order; those without the value come last,
  /// equal ones stay in the order of the dump.
  ///
  /// Places, since a million rows are not to be held twice.
  package func sorted(_ snapshot: Snapshot) -> [UInt32] {
    let connections = snapshot.connections
    switch column.sortKey {
    case .number(let value): return places(of: connections) { value($1) }
    case .longNumber(let value): return places(of: connections) { value($1) }
    case .past(let value):
      return places(of: connections) { snapshot.past(of: $1).map(value) }
    case .end(let value):
      return places(of: connections) { EndKey(value($1)) }
    case .owner:
      let ranks = ranks(in: snapshot)
      return places(of: connections) { place, _ in ranks[place] }
    case nil: return connections.indices.map(UInt32.init)
    }
  }

  /// An end as something to sort by: its address, then its port.
  private struct EndKey: Comparable {
    let bits: UInt128
    let port: UInt16

    init(_ end: Endpoint) {
      bits = end.address.bits
      port = end.port
    }

    static func < (one: EndKey, other: EndKey) -> Bool {
      one.bits == other.bits ? one.port < other.port : one.bits < other.bits
    }
  }

  private func places<Key: Comparable>(
    of connections: [Connection], key: (Int, Connection) -> Key?
  ) -> [UInt32] {
    var keyed: [(key: Key, place: UInt32)] = []
    var rest: [UInt32] = []
    keyed.reserveCapacity(connections.count)
    for place in connections.indices {
      if let key = key(place, connections[place]) {
        keyed.append((key, UInt32(place)))
      } else {
        rest.append(UInt32(place))
      }
    }
    if isDescending {
      keyed.sort { $0.key == $1.key ? $0.place < $1.place : $0.key > $1.key }
    } else {
      keyed.sort { $0.key == $1.key ? $0.place < $1.place : $0.key < $1.key }
    }
    return keyed.map(\.place) + rest
  }

  /// For each connection the place of its first owner among all owners, by name or by pid.
  private func ranks(in snapshot: Snapshot) -> [UInt32?] {
    guard let owners = snapshot.owners else { return snapshot.connections.map { _ in nil } }
    let processes = owners.processes
    let order = processes.indices.sorted { one, other in
      let names = (processes[one].name ?? "", processes[other].name ?? "")
      guard column == .process, names.0 != names.1 else {
        return processes[one].pid < processes[other].pid
      }
      return names.0 < names.1
    }
    var places: [Int32: UInt32] = [:]
    for (place, index) in order.enumerated() { places[processes[index].pid] = UInt32(place) }
    return snapshot.connections.map { connection in
      guard case .held(let holdings) = snapshot.attribution(of: connection) else { return nil }
      return holdings.first.flatMap { places[owners.process(of: $0).pid] }
    }
  }
}

/// What a column is sorted by.
private enum SortKey {
  case number((Connection) -> UInt32?)
  case longNumber((Connection) -> UInt64?)
  case past((ConnectionPast) -> UInt64)
  case end((Connection) -> Endpoint)
  case owner
}

extension ConnectionColumn {
  /// Nil for a column that is not sorted by.
  fileprivate var sortKey: SortKey? {
    switch self {
    case .state: .number { UInt32($0.state.rawValue) }
    case .local: .end(\.local)
    case .peer: .end(\.peer)
    case .process, .pid: .owner
    case .localPort: .number { UInt32($0.identity.localPort) }
    case .peerPort: .number { UInt32($0.identity.peerPort) }
    case .idle: .number(\.idle)
    case .inState: .number(\.inStateAtLeast)
    case .age: .past(\.age)
    case .stalled: .number(\.stalled)
    case .receiveQueue: .number(\.receiveQueue)
    case .sendQueue: .number(\.sendQueue)
    case .unacknowledged: .number { $0.tcp?.unacknowledged }
    case .retransmits: .number { UInt32($0.timer.retransmits) }
    case .totalRetransmits: .number { $0.tcp?.totalRetransmits }
    case .userID, .user: .number(\.userID)
    case .inode: .number(\.inode)
    case .cookie: .longNumber(\.cookie.rawValue)
    case .lastSent: .number { $0.tcp?.lastSent }
    case .lastReceived: .number { $0.tcp?.lastReceived }
    case .lastAcknowledged: .number { $0.tcp?.lastAcknowledged }
    case .roundTrip: .number { $0.tcp?.roundTripMicroseconds }
    case .congestionWindow: .number { $0.tcp?.congestionWindow }
    case .bytesAcknowledged: .longNumber { $0.tcp?.bytesAcknowledged }
    case .bytesReceived: .longNumber { $0.tcp?.bytesReceived }
    case .unit, .container, .containerName, .pod, .podName, .controlGroup, .timer, .note,
      .executable, .descriptors, .family,
      .interface, .mark,
      .networkNamespace, .congestion:
      nil
    }
  }
}
