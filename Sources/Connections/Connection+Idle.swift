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

  /// Whether data waits because the peer accepts no more: the timer of zero-window probes is armed
  /// (`ICSK_TIME_PROBE0`).
  public var isPeerWindowClosed: Bool { timer.kind == .zeroWindowProbe && sendQueue > 0 }

  /// How long no payload has moved in either direction.
  ///
  /// Defined for synchronized states only. While data is in flight, the time of the last sending is
  /// no evidence, since every retransmission renews it; the peer's acknowledgement takes its place.
  ///
  /// While the peer's window is closed it is the other way round: probes carry no payload and leave
  /// the time of the last sending alone, but the answer to each renews that of the acknowledgement.
  /// Such an answer acknowledges nothing new. If the peer no longer answers, the acknowledgement is
  /// the older of the two.
  public var idle: UInt32? {
    guard let tcp, let inFlight = hasDataInFlight, let received = tcp.lastReceived else {
      return nil
    }
    guard inFlight else { return tcp.lastSent.map { min($0, received) } }
    let quiet = tcp.lastAcknowledged.map { min($0, received) }
    guard isPeerWindowClosed else { return quiet }
    return longer(quiet, tcp.lastSent.map { min($0, received) })
  }

  /// How long the peer has acknowledged nothing new while data is in flight or queued.
  ///
  /// 0 when nothing is in flight: such a connection does not stall. Nil when that is unknown. See
  /// ``idle`` for a closed window.
  public var stalled: UInt32? {
    guard let inFlight = hasDataInFlight else { return nil }
    guard inFlight else { return 0 }
    guard isPeerWindowClosed, let tcp else { return tcp?.lastAcknowledged }
    guard let sent = tcp.lastSent, let received = tcp.lastReceived else {
      return tcp.lastAcknowledged
    }
    return longer(tcp.lastAcknowledged, min(sent, received))
  }

  private func longer(_ one: UInt32?, _ other: UInt32?) -> UInt32? {
    guard let one, let other else { return one ?? other }
    return max(one, other)
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
