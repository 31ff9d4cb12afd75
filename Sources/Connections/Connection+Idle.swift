// The only definition of idle, stalled and in state. Times are in milliseconds.
extension Connection {
  /// Whether data is in flight or queued; nil when the kernel gave no `tcp_info`.
  ///
  /// Like the kernel, it counts an unacknowledged FIN as data.
  public var hasDataInFlight: Bool? {
    guard state.isSynchronized, let tcp else { return nil }
    if sendQueue > 0 { return true }
    return tcp.unacknowledged.map { $0 > 0 }
  }

  /// Whether data is queued because the peer's window is closed: the zero-window probe timer is
  /// armed (`ICSK_TIME_PROBE0`).
  public var isPeerWindowClosed: Bool { timer.kind == .zeroWindowProbe && sendQueue > 0 }

  /// How long no payload has moved in either direction.
  ///
  /// Defined for synchronized states only. While data is in flight, each retransmission renews the
  /// last send time, so the peer's last acknowledgement is used instead.
  ///
  /// While the peer's window is closed, the reverse holds. Probes carry no payload and leave the last
  /// send time alone, but each reply renews the acknowledgement time without acknowledging anything
  /// new. If the peer no longer replies, the acknowledgement is the older of the two.
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
  /// 0 when nothing is in flight; nil when unknown. For a closed window, see ``idle``.
  public var stalled: UInt32? {
    guard let inFlight = hasDataInFlight else { return nil }
    guard inFlight else { return 0 }
    guard isPeerWindowClosed, let tcp else { return tcp?.lastAcknowledged }
    guard let sent = tcp.lastSent, let received = tcp.lastReceived else {
      return tcp.lastAcknowledged
    }
    return longer(tcp.lastAcknowledged, min(sent, received))
  }

  private func longer(_ lhs: UInt32?, _ rhs: UInt32?) -> UInt32? {
    guard let lhs, let rhs else { return lhs ?? rhs }
    return max(lhs, rhs)
  }

  /// The least time that it has been in its state; nil when the kernel keeps no evidence.
  ///
  /// Known for CLOSE-WAIT: the FIN renewed the acknowledgement time, and later segments only make
  /// it shorter.
  public var inStateAtLeast: UInt32? {
    guard state == .closeWait else { return nil }
    return tcp?.lastAcknowledged
  }

  /// The greatest time that it can have been in its state; nil when the kernel keeps no evidence.
  ///
  /// Known for CLOSE-WAIT: no data can arrive after the FIN.
  public var inStateAtMost: UInt32? {
    guard state == .closeWait else { return nil }
    return tcp?.lastReceived
  }

  /// Why the inode is 0, depending on the state; nil when a process holds the socket.
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
  /// The listening program has not accepted it yet.
  case inAcceptQueue
  /// TIME-WAIT or SYN-RECV: a kernel record of a past or future connection.
  case minisocket
  /// The program has closed its descriptor, and the kernel is finishing the connection.
  case orphan
}
