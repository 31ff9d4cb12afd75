import Connections
import ProcessTable
import Scanning

/// In which order connections are listed: `--sort KEY[:desc]`.
struct ConnectionOrder: Equatable {
  let column: ConnectionColumn
  let isDescending: Bool

  /// The longest idle first.
  static let worstFirst = ConnectionOrder(column: .idle, isDescending: true)

  /// The columns by which can be sorted.
  static let columns: [ConnectionColumn] = ConnectionColumn.allCases.filter {
    key($0, ranks: []) != nil
  }

  /// A number that stands for a value, and a second one for values that are equal by it.
  private struct Key: Comparable {
    let major: UInt128
    var minor: UInt16 = 0

    static func < (one: Key, other: Key) -> Bool {
      one.major == other.major ? one.minor < other.minor : one.major < other.major
    }
  }

  /// The connections of `snapshot` in this order; those without the value come last, equal ones
  /// stay in the order of the dump.
  func sorted(_ snapshot: Snapshot) -> [Connection] {
    let connections = snapshot.connections
    let ranks = column == .process || column == .pid ? ranks(in: snapshot) : []
    guard let key = Self.key(column, ranks: ranks) else { return connections }
    let keys = connections.indices.map { key($0, connections[$0]) }
    let indices = connections.indices.sorted { one, other in
      switch (keys[one], keys[other]) {
      case (nil, nil): return one < other
      case (nil, _): return false
      case (_, nil): return true
      case (let first?, let second?):
        if first == second { return one < other }
        return isDescending ? first > second : first < second
      }
    }
    return indices.map { connections[$0] }
  }

  /// For each connection the place of its first owner among all owners, by name or by pid.
  private func ranks(in snapshot: Snapshot) -> [Int?] {
    let owners = snapshot.owners?.processes ?? []
    let order = owners.indices.sorted { one, other in
      let names = (owners[one].name ?? "", owners[other].name ?? "")
      guard column == .process, names.0 != names.1 else {
        return owners[one].pid < owners[other].pid
      }
      return names.0 < names.1
    }
    var places: [Int32: Int] = [:]
    for (place, index) in order.enumerated() { places[owners[index].pid] = place }
    return snapshot.connections.map { connection in
      snapshot.holders(of: connection).first.flatMap { places[$0.pid] }
    }
  }

  /// What stands for the column's value in a connection; nil for a column that is not sorted by.
  private static func key(
    _ column: ConnectionColumn, ranks: [Int?]
  ) -> ((Int, Connection) -> Key?)? {
    func number(
      _ value: @escaping (Connection) -> (some UnsignedInteger)?
    ) -> (Int, Connection) -> Key? {
      { _, connection in value(connection).map { Key(major: UInt128($0)) } }
    }
    switch column {
    case .state: return number { $0.state.rawValue }
    case .local: return { Key(major: $1.identity.localBits, minor: $1.identity.localPort) }
    case .peer: return { Key(major: $1.identity.peerBits, minor: $1.identity.peerPort) }
    case .process, .pid: return { index, _ in ranks[index].map { Key(major: UInt128($0)) } }
    case .localPort: return number { $0.identity.localPort }
    case .peerPort: return number { $0.identity.peerPort }
    case .idle: return number { $0.idle }
    case .inState: return number { $0.inStateAtLeast }
    case .stalled: return number { $0.stalled }
    case .receiveQueue: return number { $0.receiveQueue }
    case .sendQueue: return number { $0.sendQueue }
    case .unacknowledged: return number { $0.tcp?.unacknowledged }
    case .retransmits: return number { $0.timer.retransmits }
    case .totalRetransmits: return number { $0.tcp?.totalRetransmits }
    case .userID, .user: return number { $0.userID }
    case .inode: return number { $0.inode }
    case .cookie: return number { $0.cookie.rawValue }
    case .lastSent: return number { $0.tcp?.lastSent }
    case .lastReceived: return number { $0.tcp?.lastReceived }
    case .lastAcknowledged: return number { $0.tcp?.lastAcknowledged }
    case .roundTrip: return number { $0.tcp?.roundTripMicroseconds }
    case .congestionWindow: return number { $0.tcp?.congestionWindow }
    case .bytesAcknowledged: return number { $0.tcp?.bytesAcknowledged }
    case .bytesReceived: return number { $0.tcp?.bytesReceived }
    case .unit, .container, .pod, .controlGroup, .timer, .note, .executable, .descriptors, .family,
      .interface, .mark,
      .networkNamespace, .congestion:
      return nil
    }
  }
}
