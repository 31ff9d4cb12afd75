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
  public var mostCommon: Leak.Peer? { most(1).first }

  /// The peers of most connections, most frequent first; the lowest address first among equals.
  public func most(_ limit: Int) -> [Leak.Peer] {
    var first: [(bits: UInt128, count: Int, port: UInt16?)] = []
    for (bits, ports) in counts {
      let count = ports.values.reduce(0, +)
      if first.count == limit, let last = first.last, (last.count, bits) > (count, last.bits) {
        continue
      }
      let index = first.firstIndex { ($0.count, bits) < (count, $0.bits) } ?? first.count
      first.insert((bits, count, ports.count == 1 ? ports.keys.first : nil), at: index)
      if first.count > limit { first.removeLast() }
    }
    return first.map {
      Leak.Peer(
        address: IPAddress(bits: $0.bits, family: .ipv6).unmapped, port: $0.port, count: $0.count)
    }
  }
}
