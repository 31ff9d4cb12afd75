/// The qualifiers before the value of a pcap term: protocol, direction and type.
struct FilterQualifiers: Equatable {
  var network: Network?
  var direction: Direction?
  var type: Kind?

  enum Network: String {
    case tcp
    case ip
    case ip6
  }

  /// The selected end; `src` is the local one.
  enum Direction {
    case src
    case dst
    case either
    case both

    /// The ends that must all match.
    var ends: [ConnectionEnd] {
      switch self {
      case .src: [.local]
      case .dst: [.peer]
      case .either: [.either]
      case .both: [.local, .peer]
      }
    }
  }

  enum Kind: String {
    case host
    case net
    case port
    case portrange

    /// The expected value, for error messages.
    var expected: String {
      switch self {
      case .host: "a host, as in host 10.0.0.5"
      case .net: "a network, as in net 10.0.0.0/8"
      case .port: "a port, as in port 443"
      case .portrange: "a port range, as in portrange 8000-8100"
      }
    }
  }
}
