public import Connections

/// Counts connections by peer.
public struct PeerTally: Equatable, Sendable {
  private var counts: [UInt128: [UInt16: Int]] = [:]

  /// An empty tally.
  public init() {}

  /// Counts the connection with `identity`.
  public mutating func add(_ identity: SocketIdentity) {
    counts[identity.peerBits, default: [:]][identity.peerPort, default: 0] += 1
  }

  /// The peer of most connections, the lowest address among equals; nil if nothing was counted.
  public var mostCommon: Leak.Peer? {
    var most: (bits: UInt128, count: Int, port: UInt16?)?
    for (bits, ports) in counts {
      let count = ports.values.reduce(0, +)
      if let most, (most.count, bits) > (count, most.bits) { continue }
      most = (bits, count, ports.count == 1 ? ports.keys.first : nil)
    }
    guard let most else { return nil }
    return Leak.Peer(
      address: IPAddress(bits: most.bits, family: .ipv6).unmapped, port: most.port,
      count: most.count)
  }
}
