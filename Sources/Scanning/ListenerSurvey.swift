public import Connections

/// Listening sockets, with what has come of the connections that they accepted.
public struct ListenerSurvey: Sendable {
  /// The listeners that are selected, with their owners.
  public let snapshot: Snapshot
  private let counts: [SocketCookie: StateCounts]
  private let sharing: [SocketCookie: Int]

  init(_ snapshot: Snapshot, _ ends: ListenedEnds) {
    self.snapshot = snapshot
    var counts: [SocketCookie: StateCounts] = [:]
    var sharing: [SocketCookie: Int] = [:]
    for listener in snapshot.listeners where !ends.late.contains(listener.cookie) {
      counts[listener.cookie] = StateCounts()
    }
    for (sample, states) in ends.counts {
      let listeners = snapshot.listeners(for: sample)
      for listener in listeners {
        counts[listener.cookie] = counts[listener.cookie].map { $0 + states }
        sharing[listener.cookie] = max(sharing[listener.cookie] ?? 1, listeners.count)
      }
    }
    self.counts = counts
    self.sharing = sharing
  }

  /// The listeners of `snapshot`, which holds the sockets of all states without exception.
  public init(ofEverySocket snapshot: Snapshot) {
    var ends = ListenedEnds()
    for listener in snapshot.connections where listener.state == .listen { ends.add(listener) }
    for connection in snapshot.connections where connection.state != .listen {
      ends.add(connection)
    }
    self.init(snapshot.keeping { $0.state == .listen }, ends)
  }

  /// How many connections came to `listener`, by state; nil when that is unknown. In SYN_RECV are
  /// those whose handshake is not finished.
  ///
  /// Of listeners that share a port (`SO_REUSEPORT`) it is what came to all of them: the kernel does
  /// not tell which has accepted a connection.
  public func connections(of listener: Connection) -> StateCounts? { counts[listener.cookie] }

  /// How many listeners the connections of ``connections(of:)`` are of; 1 when it is this one only.
  public func sharers(of listener: Connection) -> Int { sharing[listener.cookie] ?? 1 }
}

/// Counts connections by local end, of those ports that somebody listens on.
///
/// The kernel lists the listeners of a family before its other sockets (`inet_diag_dump_icsk`). Of
/// one that came later nevertheless, connections may have been passed by: its count is unknown.
struct ListenedEnds {
  private var ports: Set<Port> = []
  private var ends: [End: (sample: Connection, states: StateCounts)] = [:]
  private var hasOthers: Set<Port.Table> = []
  private(set) var late: Set<SocketCookie> = []

  private struct Port: Hashable {
    struct Table: Hashable {
      let family: AddressFamily
      let namespace: UInt16
    }
    let number: UInt16
    let table: Table
  }

  private struct End: Hashable {
    let port: Port
    let address: UInt128
    let interface: UInt32
  }

  /// One connection of each local end, and how many are in which state.
  var counts: [(sample: Connection, states: StateCounts)] { Array(ends.values) }

  mutating func add(_ row: Connection) {
    let identity = row.identity
    let table = Port.Table(family: identity.family, namespace: row.namespace)
    let port = Port(number: identity.localPort, table: table)
    guard row.state != .listen else {
      if ports.insert(port).inserted, hasOthers.contains(table) { late.insert(row.cookie) }
      return
    }
    hasOthers.insert(table)
    guard ports.contains(port) else { return }
    let end = End(port: port, address: identity.localBits, interface: identity.interface)
    ends[end, default: (row, StateCounts())].states.add(row.state)
  }
}
