public import Connections

/// A group that a policy has given up: it comes back however often its connections are closed.
public struct Leak: Equatable, Sendable {
  /// The group.
  public let group: FindingGroup
  /// In how many runs in a row the policy acted on it.
  public let rounds: Int
  /// The peer that most of its connections lead to: with a port, where all of those share it.
  public let peer: Peer
  /// How many connections an hour come to it; nil when no time has passed to tell it by.
  public let growthPerHour: Int?
  /// The row of the first of them, whose owner is that of the group.
  public var row: Int { group.rows[0] }

  /// An end of connections.
  public struct Peer: Equatable, Sendable {
    /// The address; IPv4 whether mapped or not.
    public let address: IPAddress
    /// The port; nil when there are several.
    public let port: UInt16?
    /// How many of the connections lead there.
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
  /// The groups among `rows` that the policy has given up.
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
  /// Where most lead to; there is at least one.
  fileprivate func mostCommonPeer(in rows: some EvaluatedConnections) -> Leak.Peer? {
    var peers = PeerTally()
    for row in self.rows { peers.add(rows.connection(at: row).identity) }
    return peers.mostCommon
  }
}
