import Connections
import ProcessTable
package import Scanning

/// The order of connections in a list: `--sort KEY[:desc]`.
package struct ConnectionOrder: Equatable {
  package let column: ConnectionColumn
  package let isDescending: Bool

  package init(column: ConnectionColumn, isDescending: Bool) {
    self.column = column
    self.isDescending = isDescending
  }

  /// Longest idle first.
  package static let worstFirst = ConnectionOrder(column: .idle, isDescending: true)

  /// The sortable columns.
  package static let columns: [ConnectionColumn] = ConnectionColumn.allCases.filter {
    $0.sortKey != nil
  }

  /// The indices of the connections of `snapshot` in this order.
  ///
  /// Connections without a value come last, and equal ones stay in dump order. Indices avoid a
  /// second copy of a million rows.
  package func sorted(_ snapshot: Snapshot) -> [UInt32] {
    let connections = snapshot.connections
    switch column.sortKey {
    case .number(let value): return indices(of: connections) { value($1) }
    case .longNumber(let value): return indices(of: connections) { value($1) }
    case .past(let value):
      return indices(of: connections) { snapshot.past(of: $1).map(value) }
    case .end(let value):
      return indices(of: connections) { EndKey(value($1)) }
    case .owner:
      let ranks = ranks(in: snapshot)
      return indices(of: connections) { index, _ in ranks[index] }
    case nil: return connections.indices.map(UInt32.init)
    }
  }

  /// The sort key of an endpoint: its address, then its port.
  private struct EndKey: Comparable {
    let bits: UInt128
    let port: UInt16

    init(_ end: Endpoint) {
      bits = end.address.bits
      port = end.port
    }

    static func < (lhs: EndKey, rhs: EndKey) -> Bool {
      lhs.bits == rhs.bits ? lhs.port < rhs.port : lhs.bits < rhs.bits
    }
  }

  private func indices<Key: Comparable>(
    of connections: [Connection], key: (Int, Connection) -> Key?
  ) -> [UInt32] {
    var keyed: [(key: Key, index: UInt32)] = []
    var rest: [UInt32] = []
    keyed.reserveCapacity(connections.count)
    for index in connections.indices {
      if let key = key(index, connections[index]) {
        keyed.append((key, UInt32(index)))
      } else {
        rest.append(UInt32(index))
      }
    }
    if isDescending {
      keyed.sort { $0.key == $1.key ? $0.index < $1.index : $0.key > $1.key }
    } else {
      keyed.sort { $0.key == $1.key ? $0.index < $1.index : $0.key < $1.key }
    }
    return keyed.map(\.index) + rest
  }

  /// The rank of each connection's first owner among all owners, by name or by pid.
  private func ranks(in snapshot: Snapshot) -> [UInt32?] {
    guard let owners = snapshot.owners else { return snapshot.connections.map { _ in nil } }
    let processes = owners.processes
    let order = processes.indices.sorted { lhs, rhs in
      let names = (processes[lhs].name ?? "", processes[rhs].name ?? "")
      guard column == .process, names.0 != names.1 else {
        return processes[lhs].pid < processes[rhs].pid
      }
      return names.0 < names.1
    }
    var ranks: [Int32: UInt32] = [:]
    for (rank, index) in order.enumerated() { ranks[processes[index].pid] = UInt32(rank) }
    return snapshot.connections.map { connection in
      guard case .held(let holdings) = snapshot.attribution(of: connection) else { return nil }
      return holdings.first.flatMap { ranks[owners.process(of: $0).pid] }
    }
  }
}

/// The values that a column is sorted by.
private enum SortKey {
  case number((Connection) -> UInt32?)
  case longNumber((Connection) -> UInt64?)
  case past((ConnectionPast) -> UInt64)
  case end((Connection) -> Endpoint)
  case owner
}

extension ConnectionColumn {
  /// The sort key; nil if the column is not sortable.
  fileprivate var sortKey: SortKey? {
    switch self {
    case .state: .number { UInt32($0.state.rawValue) }
    case .local, .localAddress: .end(\.local)
    case .peer, .peerAddress: .end(\.peer)
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
      .command, .executable, .descriptors, .family, .interface, .mark, .networkNamespace,
      .congestion:
      nil
    }
  }
}
