package import Connections

extension TCPState {
  /// The states in the order of a connection's life, as in tables.
  package static let lifecycleOrder: [TCPState] = [
    .listen, .synSent, .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing,
    .lastAck, .timeWait, .closed,
  ]

  /// What a large number of connections in this state means.
  package var explanation: String {
    switch self {
    case .listen: "services waiting for connections; not connections themselves"
    case .synSent: "peers do not answer: down, or behind a firewall that drops packets"
    case .synReceived, .newSynReceived:
      "handshakes that peers do not complete: a SYN flood, or lost answers"
    case .established: "in use, or idle and never closed: see 'connreap list --idle 1h'"
    case .finWait1: "closed here, not acknowledged by the peer: it is gone, or does not read"
    case .finWait2: "closed here, but not by the peer's program"
    case .closeWait: "closed by the peer, but not by the program here: a leak in that program"
    case .closing: "both ends closed at once, and acknowledgements are lost"
    case .lastAck: "both ends closed, but the peer's last acknowledgement is lost"
    case .timeWait: "normal after closing first; very many: too many short connections"
    case .closed: "sockets never connected, or whose connection was reset"
    case .boundInactive: "sockets bound to a port but not connected"
    }
  }
}
