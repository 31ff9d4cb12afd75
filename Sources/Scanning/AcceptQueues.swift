import Connections

/// The listening sockets of a snapshot by port, to find the accept queue of a connection.
struct AcceptQueues: Sendable {
  private let byPort: [UInt16: [Connection]]

  init(_ listeners: [Connection]) {
    byPort = Dictionary(grouping: listeners, by: \.identity.localPort)
  }

  /// The listeners that can have accepted `connection`: those with the most specific binding.
  ///
  /// Several listeners may share a port (`SO_REUSEPORT`). The kernel does not report which one
  /// accepted the connection.
  func listeners(for connection: Connection) -> [Connection] {
    let candidates = byPort[connection.identity.localPort] ?? []
    var best: [Connection] = []
    var bestScore = 0
    for listener in candidates where listener.namespace == connection.namespace {
      let score = Self.score(of: listener.identity, for: connection.identity)
      guard score > 0, score >= bestScore else { continue }
      if score > bestScore { best.removeAll() }
      bestScore = score
      best.append(listener)
    }
    return best
  }

  /// How specifically the listener is bound; 0 if it cannot have accepted the connection.
  ///
  /// As in the kernel's `compute_score`, an exact address counts most. A socket bound to an
  /// interface accepts only connections through that interface.
  private static func score(of listener: SocketIdentity, for connection: SocketIdentity) -> Int {
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
