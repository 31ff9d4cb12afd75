package import Connections

extension TCPState {
  /// The states in the order of a connection's life, as tables have them.
  package static let inOrderOfLife: [TCPState] = [
    .listen, .synSent, .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing,
    .lastAck, .timeWait, .closed,
  ]

  /// What many connections in this state mean.
  package var meaningOfMany: String {
    switch self {
    case .listen: "services that wait for connections: no connections themselves"
    case .synSent: "peers do not answer: down, or behind a firewall that drops; see who connects"
    case .synReceived, .newSynReceived:
      "handshakes that peers do not finish: a SYN flood, or answers that are lost"
    case .established: "in use, or idle and never closed: see 'connreap list --idle 1h'"
    case .finWait1: "closed here, and the peer does not acknowledge: it is gone, or reads nothing"
    case .finWait2: "closed here, and the peer's program does not close its end"
    case .closeWait: "the peer has closed and the program here does not: a leak in that program"
    case .closing: "both ends closed at once and acknowledgements are lost"
    case .lastAck: "both ends closed, and the peer's last acknowledgement is lost"
    case .timeWait: "normal after closing first; many: too many short connections from here"
    case .closed: "sockets that were never connected, or whose connection was reset"
    case .boundInactive: "sockets bound to a port and not connected"
    }
  }
}
