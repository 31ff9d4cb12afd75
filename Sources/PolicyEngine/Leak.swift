public import Connections

/// A group that a policy has given up on: it keeps leaking however often its connections are closed.
public struct Leak: Equatable, Sendable {
  /// The group.
  public let group: FindingGroup
  /// The number of consecutive runs in which the policy acted on it.
  public let rounds: Int
  /// The peer of most of its connections.
  public let peer: Peer
  /// The number of new connections per hour; nil if no time has passed to measure it.
  public let growthPerHour: Int?

  /// A peer of connections.
  public struct Peer: Equatable, Sendable {
    /// The address, unmapped.
    public let address: IPAddress
    /// The port; nil if the connections use several.
    public let port: UInt16?
    /// The number of connections to it.
    public let count: Int
  }
}

extension Leak.Peer: CustomStringConvertible {
  /// The address, or the address and the port.
  public var description: String {
    port.map { Endpoint(address: address, port: $0).description } ?? address.description
  }
}

extension PolicyFindings {
  /// The groups in `rows` that the policy has given up on.
  public func leaks(in rows: some EvaluatedConnections, at uptime: UInt64) -> [Leak] {
    givenUp.compactMap { group in
      guard let past = group.past, let peer = group.mostCommonPeer(in: rows) else { return nil }
      return Leak(
        group: group, rounds: past.rounds, peer: peer,
        growthPerHour: past.growthPerHour(count: group.rows.count, at: uptime))
    }
  }
}

extension FindingGroup {
  /// The peer of most of its connections.
  fileprivate func mostCommonPeer(in rows: some EvaluatedConnections) -> Leak.Peer? {
    var peers = PeerTally()
    for row in self.rows { peers.add(rows.connection(at: row).identity) }
    return peers.mostCommon
  }
}
