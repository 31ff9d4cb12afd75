public import Connections

/// Listening sockets with counts of the connections to them.
public struct ListenerSurvey: Sendable {
  /// The selected listeners with their owners.
  public let snapshot: Snapshot
  private let counts: [SocketCookie: StateCounts]
  private let sharing: [SocketCookie: Int]

  init(_ snapshot: Snapshot, _ ends: LocalEndCounts) {
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

  /// The listeners in `snapshot`, which must contain all sockets in all states.
  public init(ofEverySocket snapshot: Snapshot) {
    var ends = LocalEndCounts()
    for listener in snapshot.connections where listener.state == .listen { ends.add(listener) }
    for connection in snapshot.connections where connection.state != .listen {
      ends.add(connection)
    }
    self.init(snapshot.keeping { $0.state == .listen }, ends)
  }

  /// The number of connections to `listener` by state, including unfinished handshakes (SYN_RECV);
  /// nil if unknown.
  ///
  /// Listeners that share a port (`SO_REUSEPORT`) all have the total, because the kernel does not
  /// report which of them accepted a connection.
  public func connections(of listener: Connection) -> StateCounts? { counts[listener.cookie] }

  /// The number of listeners that share the count of ``connections(of:)``.
  public func sharers(of listener: Connection) -> Int { sharing[listener.cookie] ?? 1 }
}

/// Counts connections by local end, for ports with a listener.
///
/// The kernel lists the listeners of a family before its other sockets (`inet_diag_dump_icsk`). If
/// a listener still comes later, some of its connections may have been missed. Its count is
/// unknown.
struct LocalEndCounts {
  private var ports: Set<Port> = []
  private var ends: [End: (sample: Connection, states: StateCounts)] = [:]
  private var hasOthers: Set<Port.Table> = []
  /// The listeners that came after other sockets.
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

  /// One sample connection per local end, with the counts by state.
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
