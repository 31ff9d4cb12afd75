/// The state of a TCP socket, with the kernel's number for it.
///
/// See RFC 9293, section 3.3.2, and the kernel's `include/net/tcp_states.h`.
public enum TCPState: UInt8, CaseIterable, Hashable, Sendable {
  /// `TCP_ESTABLISHED`: both ends can send.
  case established = 1
  /// `TCP_SYN_SENT`: connect(2) is waiting for the peer's answer.
  case synSent = 2
  /// `TCP_SYN_RECV`: a connection request is waiting for the end of its handshake.
  case synReceived = 3
  /// `TCP_FIN_WAIT1`: the local end has closed, and the peer has not acknowledged it.
  case finWait1 = 4
  /// `TCP_FIN_WAIT2`: the local end has closed, and the peer can still send.
  case finWait2 = 5
  /// `TCP_TIME_WAIT`: both ends have closed; the kernel waits for late segments.
  case timeWait = 6
  /// `TCP_CLOSE`: not connected.
  case closed = 7
  /// `TCP_CLOSE_WAIT`: the peer has closed, and the local program has not.
  case closeWait = 8
  /// `TCP_LAST_ACK`: both ends have closed, and the last acknowledgement is missing.
  case lastAck = 9
  /// `TCP_LISTEN`: accepts connections.
  case listen = 10
  /// `TCP_CLOSING`: both ends closed at once, and the peer's acknowledgement is missing.
  case closing = 11
  /// `TCP_NEW_SYN_RECV`: a connection request; dumps show it as SYN_RECV.
  case newSynReceived = 12
  /// `TCP_BOUND_INACTIVE`: bound to a port and not connected (Linux 6.8 and later).
  case boundInactive = 13

  /// The name in options, policy files and JSON: the spelling of `ss`, in lower case.
  public var name: String {
    switch self {
    case .established: "established"
    case .synSent: "syn-sent"
    case .synReceived, .newSynReceived: "syn-recv"
    case .finWait1: "fin-wait-1"
    case .finWait2: "fin-wait-2"
    case .timeWait: "time-wait"
    case .closed: "closed"
    case .closeWait: "close-wait"
    case .lastAck: "last-ack"
    case .listen: "listen"
    case .closing: "closing"
    case .boundInactive: "bound-inactive"
    }
  }

  /// The name in tables: the one that `ss` prints.
  public var label: String {
    switch self {
    case .established: "ESTAB"
    case .synSent: "SYN-SENT"
    case .synReceived, .newSynReceived: "SYN-RECV"
    case .finWait1: "FIN-WAIT-1"
    case .finWait2: "FIN-WAIT-2"
    case .timeWait: "TIME-WAIT"
    case .closed: "UNCONN"
    case .closeWait: "CLOSE-WAIT"
    case .lastAck: "LAST-ACK"
    case .listen: "LISTEN"
    case .closing: "CLOSING"
    case .boundInactive: "BOUND"
    }
  }

  /// Whether the handshake is complete and the kernel keeps figures.
  ///
  /// These are the synchronized states of RFC 9293 without TIME-WAIT.
  public var isSynchronized: Bool {
    switch self {
    case .established, .finWait1, .finWait2, .closeWait, .lastAck, .closing: true
    default: false
    }
  }

  /// The set that contains only this state.
  public var asSet: TCPStateSet { TCPStateSet(rawValue: 1 << UInt32(rawValue)) }
}
