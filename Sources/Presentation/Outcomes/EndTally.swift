package import Connections
import Rendering

/// Counts connections by what they lead to: a peer, or the clients of a local port.
package struct EndTally: Equatable {
  private var counts: [End: Int] = [:]

  fileprivate enum End: Hashable {
    case peer(bits: UInt128, port: UInt16, interface: UInt32)
    case clients(port: UInt16)
    /// Of a listener itself.
    case listener(port: UInt16)

    /// Clients come before peers; then in the order of addresses and ports.
    var order: (rank: Int, bits: UInt128, port: UInt16, interface: UInt32) {
      switch self {
      case .listener(let port): (0, 0, port, 0)
      case .clients(let port): (1, 0, port, 0)
      case .peer(let bits, let port, let interface): (2, bits, port, interface)
      }
    }
  }

  package init() {}

  /// Counts a connection.
  ///
  /// - Parameter isAccepted: whether a listener accepted it.
  package mutating func add(_ connection: Connection, isAccepted: Bool) {
    let identity = connection.identity
    let interface = connection.peer.address.isLinkLocal ? identity.interface : 0
    let end: End =
      if connection.state == .listen {
        .listener(port: identity.localPort)
      } else if isAccepted {
        .clients(port: identity.localPort)
      } else {
        .peer(bits: identity.peerBits, port: identity.peerPort, interface: interface)
      }
    counts[end, default: 0] += 1
  }

  /// Adds the connections of `other`.
  package mutating func add(_ other: EndTally) {
    counts.merge(other.counts) { $0 + $1 }
  }

  /// The ends, those with most connections first, in at most `room` columns if possible:
  /// `→ 10.20.0.21:5432 (323), 10.20.0.22:5432 (323)`, `← clients of :8080`, `→ …:5432, 8 more`.
  ///
  /// - Parameters:
  ///   - interfaceName: the name of an interface by its index, escaped.
  ///   - room: the columns; nil for no limit.
  package func text(
    in room: Int?, interfaceName: (UInt32) -> String = { "\($0)" }
  ) -> String {
    guard let room else { return text(of: sorted, Self.maximumEnds, nil, interfaceName) }
    return wholeText(in: room, interfaceName: interfaceName)
      ?? text(of: sorted, 1, room, interfaceName)
  }

  /// The same without a shortened address; nil if not even one end fits.
  package func wholeText(
    in room: Int, interfaceName: (UInt32) -> String = { "\($0)" }
  ) -> String? {
    let ends = sorted
    for count in (1...Self.maximumEnds).reversed() {
      let text = text(of: ends, count, nil, interfaceName)
      if EscapedText.width(of: text.utf8) <= room { return text }
    }
    return nil
  }

  private var sorted: [(key: End, value: Int)] {
    counts.sorted { lhs, rhs in
      lhs.value == rhs.value ? lhs.key.order < rhs.key.order : lhs.value > rhs.value
    }
  }

  /// The number of ends that are listed; the rest are only counted.
  private static let maximumEnds = 3

  /// - Parameter room: the columns to which the address of the only listed peer is cut.
  private func text(
    of ends: [(key: End, value: Int)], _ count: Int, _ room: Int?,
    _ interfaceName: (UInt32) -> String
  ) -> String {
    let rest = ends.count > count ? ", \(Count.text(ends.count - count)) more" : ""
    var text = ""
    var arrow = ""
    for (end, number) in ends.prefix(count) {
      let own = end.arrow
      text += (text.isEmpty ? "" : ", ") + (own == arrow ? "" : own)
      arrow = own
      let suffix = ends.count > 1 ? " (\(Count.text(number)))" : ""
      let fixed = EscapedText.width(of: own.utf8) + suffix.utf8.count + rest.utf8.count
      text += end.text(in: room.map { $0 - fixed }, interfaceName) + suffix
    }
    return text + rest
  }
}

extension EndTally.End {
  fileprivate var arrow: String {
    switch self {
    case .peer: "→ "
    case .clients: "← "
    case .listener: ""
    }
  }

  /// - Parameter room: the columns to which the address is cut; never the port.
  fileprivate func text(in room: Int?, _ interfaceName: (UInt32) -> String) -> String {
    switch self {
    case .clients(let port): return "clients of :\(port)"
    case .listener(let port): return "listening on :\(port)"
    case .peer(let bits, let port, let interface):
      var text: [UInt8] = []
      let address = IPAddress(bits: bits, family: .ipv6).unmapped
      address.appendShownText(to: &text, isV6Only: true, inEndpoint: true) { text in
        if interface != 0 { text.append(contentsOf: "%\(interfaceName(interface))".utf8) }
      }
      text.append(contentsOf: (port == 0 ? ":*" : ":\(port)").utf8)
      if let room { _ = CellCut.peer.cut(&text, from: 0, to: max(room, 1)) }
      return String(decoding: text, as: UTF8.self)
    }
  }
}
