public import Connections

extension Connection {
  /// Whether it is the same socket between the same ends as `earlier`, in a state that means the
  /// same to its program.
  ///
  /// A socket keeps its cookie when its program disconnects it and connects it to another peer.
  public func isUnchanged(since earlier: Connection) -> Bool {
    cookie == earlier.cookie && identity.family == earlier.identity.family
      && local == earlier.local && peer == earlier.peer && state.phase == earlier.state.phase
  }
}

/// What a state means to the program that holds the socket.
private enum Phase {
  case listening
  case connecting
  case open
  case endedByPeer
  /// The program has closed or shut down its side.
  case ending
  case over
}

extension TCPState {
  fileprivate var phase: Phase {
    switch self {
    case .listen: .listening
    case .synSent, .synReceived, .newSynReceived: .connecting
    case .established: .open
    case .closeWait: .endedByPeer
    case .finWait1, .finWait2, .closing, .lastAck: .ending
    case .timeWait, .closed, .boundInactive: .over
    }
  }
}
