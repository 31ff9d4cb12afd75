// What idle, stalled and in state mean is decided here and nowhere else. Times are milliseconds.
extension Connection {
  /// Whether data is on its way or waits to be sent; nil when the kernel gave no `tcp_info`.
  ///
  /// A FIN that waits for its acknowledgement counts as data here, as it does for the kernel.
  public var hasDataInFlight: Bool? {
    guard state.isSynchronized, let tcp else { return nil }
    if sendQueue > 0 { return true }
    return tcp.unacknowledged.map { $0 > 0 }
  }

  /// How long no payload has moved in either direction.
  ///
  /// Defined for synchronized states only. While data is in flight, the time of the last sending
  /// is no evidence, since every retransmission and window probe renews it; the peer's
  /// acknowledgement takes its place.
  public var idle: UInt32? {
    guard let tcp, let inFlight = hasDataInFlight, let received = tcp.lastReceived else {
      return nil
    }
    return (inFlight ? tcp.lastAcknowledged : tcp.lastSent).map { min($0, received) }
  }

  /// How long the peer has acknowledged nothing while data is in flight or queued.
  ///
  /// 0 when nothing is in flight: such a connection does not stall. Nil when that is unknown.
  public var stalled: UInt32? {
    guard let inFlight = hasDataInFlight else { return nil }
    return inFlight ? tcp?.lastAcknowledged : 0
  }

  /// How long it has been in its state at the least; nil when the kernel keeps no trace of it.
  ///
  /// Known for CLOSE_WAIT: the FIN renewed the time of the last acknowledgement, and a later one
  /// only makes it smaller.
  public var inStateAtLeast: UInt32? {
    guard state == .closeWait else { return nil }
    return tcp?.lastAcknowledged
  }

  /// How long it has been in its state at the most; nil when the kernel keeps no trace of it.
  ///
  /// Known for CLOSE_WAIT: no data can come after the FIN.
  public var inStateAtMost: UInt32? {
    guard state == .closeWait else { return nil }
    return tcp?.lastReceived
  }

  /// What an inode of 0 says of a connection, by its state; nil when a process holds it.
  public var ownerless: Ownerless? {
    guard inode == 0 else { return nil }
    switch state {
    case .established, .closeWait: return .inAcceptQueue
    case .timeWait, .synReceived, .newSynReceived: return .minisocket
    default: return .orphan
    }
  }
}

/// Why no process holds a socket.
public enum Ownerless: Sendable {
  /// The listener's program has not accepted it yet.
  case inAcceptQueue
  /// TIME_WAIT or SYN_RECV: the kernel's own record of a connection past or to come.
  case minisocket
  /// The program has closed its descriptor and the kernel finishes the connection.
  case orphan
}
