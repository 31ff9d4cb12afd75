import Connections

/// The listening sockets of a snapshot, by port, to find whose queue a connection waits in.
struct AcceptQueues: Sendable {
  private let byPort: [UInt16: [Connection]]

  init(_ listeners: [Connection]) {
    byPort = Dictionary(grouping: listeners, by: \.identity.localPort)
  }

  /// The listeners that can have accepted `connection`: those bound most closely to its local end.
  ///
  /// More than one when they share the port (`SO_REUSEPORT`): the kernel does not tell which.
  func listeners(for connection: Connection) -> [Connection] {
    let candidates = byPort[connection.identity.localPort] ?? []
    var closest: [Connection] = []
    var closeness = 0
    for listener in candidates where listener.namespace == connection.namespace {
      let value = Self.closeness(of: listener.identity, to: connection.identity)
      guard value > 0, value >= closeness else { continue }
      if value > closeness { closest.removeAll() }
      closeness = value
      closest.append(listener)
    }
    return closest
  }

  /// 0 when the listener cannot have accepted the connection; the larger the closer.
  ///
  /// As in the kernel's `compute_score`: the address counts most, then the family, and a socket
  /// bound to an interface takes only what came through it.
  private static func closeness(of listener: SocketIdentity, to connection: SocketIdentity) -> Int {
    let isV4 = connection.local.address.isV4OrMapped
    if listener.family == .ipv4, !isV4 || connection.family != .ipv4 { return 0 }
    if listener.family == .ipv6, isV4, connection.family == .ipv4 { return 0 }
    let isExact = listener.localBits == connection.localBits
    guard isExact || listener.local.address.isUnspecified else { return 0 }
    if listener.interface != 0, connection.interface != 0,
      listener.interface != connection.interface
    {
      return 0
    }
    return 1 + (isExact ? 2 : 0) + (listener.interface != 0 ? 1 : 0)
  }
}
