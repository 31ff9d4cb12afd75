/// What connreap remembers about a connection between runs.
///
/// Times are milliseconds of uptime, so changes of the wall clock do not affect them. Like the
/// cookie, they are meaningless after a reboot.
public struct RememberedConnection: Equatable, Sendable {
  /// The socket: its cookie and its endpoints.
  public let identity: SocketIdentity
  /// The state when it was last seen.
  public let state: TCPState
  /// When it was first seen.
  public let firstSeen: UInt64
  /// The latest time at which it can have entered ``state``.
  public let stateSince: UInt64
  /// The latest time at which it can have become idle; nil when unknown.
  public let idleSince: UInt64?
  /// When it was last seen.
  public let lastSeen: UInt64
  /// `tcpi_bytes_acked` when it was last seen.
  public let bytesAcknowledged: UInt64?
  /// `tcpi_bytes_received` when it was last seen.
  public let bytesReceived: UInt64?

  /// Creates a record from stored values.
  public init(
    identity: SocketIdentity, state: TCPState, firstSeen: UInt64, stateSince: UInt64,
    idleSince: UInt64?, lastSeen: UInt64, bytesAcknowledged: UInt64?, bytesReceived: UInt64?
  ) {
    self.identity = identity
    self.state = state
    self.firstSeen = firstSeen
    self.stateSince = stateSince
    self.idleSince = idleSince
    self.lastSeen = lastSeen
    self.bytesAcknowledged = bytesAcknowledged
    self.bytesReceived = bytesReceived
  }

  /// Creates the record of a connection that is seen for the first time.
  public init(_ connection: Connection, at uptime: UInt64) {
    self.init(
      identity: connection.identity, state: connection.state, firstSeen: uptime,
      stateSince: uptime.minus(connection.inStateAtLeast ?? 0),
      idleSince: connection.idle.map { uptime.minus($0) }, lastSeen: uptime,
      bytesAcknowledged: connection.tcp?.bytesAcknowledged,
      bytesReceived: connection.tcp?.bytesReceived)
  }

  /// The record after the connection was seen again at `uptime`.
  public func seenAgain(_ connection: Connection, at uptime: UInt64) -> RememberedConnection {
    let now = RememberedConnection(connection, at: uptime)
    guard isSame(as: connection, at: uptime) else { return now }
    let isInSameState = connection.state == state
    return RememberedConnection(
      identity: identity, state: connection.state, firstSeen: firstSeen,
      stateSince: isInSameState ? min(stateSince, now.stateSince) : now.stateSince,
      idleSince: hasNotMoved(in: connection)
        ? now.idleSince.map { min($0, idleSince ?? $0) } : now.idleSince,
      lastSeen: uptime, bytesAcknowledged: now.bytesAcknowledged, bytesReceived: now.bytesReceived)
  }

  /// The history of `connection` at `uptime`; nil when it is a different connection.
  public func past(of connection: Connection, at uptime: UInt64) -> ConnectionPast? {
    guard isSame(as: connection, at: uptime) else { return nil }
    let now = seenAgain(connection, at: uptime)
    return ConnectionPast(
      age: uptime - firstSeen, inState: uptime - min(now.stateSince, uptime),
      idle: now.idleSince.map { uptime - min($0, uptime) })
  }

  /// Whether `connection` is this one, in the same state and with unchanged byte counters; false
  /// when the counters are missing.
  public func isUnchanged(in connection: Connection, at uptime: UInt64) -> Bool {
    isSame(as: connection, at: uptime) && connection.state == state
      && hasNotMoved(in: connection)
  }

  /// Whether `connection` is this one.
  ///
  /// A socket that reconnects keeps its cookie, but its endpoints change or its counters restart.
  private func isSame(as connection: Connection, at uptime: UInt64) -> Bool {
    func hasGrown(_ before: UInt64?, _ now: UInt64?) -> Bool {
      guard let before, let now else { return true }
      return now >= before
    }
    return connection.identity == identity && uptime >= lastSeen && firstSeen <= lastSeen
      && isPossible(connection, at: uptime)
      && hasGrown(bytesAcknowledged, connection.tcp?.bytesAcknowledged)
      && hasGrown(bytesReceived, connection.tcp?.bytesReceived)
  }

  /// Whether the kernel's times allow the remembered ones. If not, the remembered times come from
  /// another clock.
  ///
  /// The kernel's 32-bit times can wrap once the uptime exceeds 49.7 days, so this check ends there.
  private func isPossible(_ connection: Connection, at uptime: UInt64) -> Bool {
    guard connection.state == state, uptime <= UInt64(UInt32.max),
      let upperBound = connection.inStateAtMost
    else { return true }
    return uptime - min(stateSince, uptime) <= UInt64(upperBound) + Self.tolerance
  }

  /// How far two readings of one moment may differ, in milliseconds: the rows of a large dump
  /// arrive after the clock was read.
  private static let tolerance: UInt64 = 60_000

  /// Whether no payload has moved since this record: the byte counters are unchanged and any data in
  /// flight is stuck.
  ///
  /// For stuck data the counters are better evidence than the kernel's times. A retransmission
  /// renews `tcpi_last_data_sent`, and a duplicate acknowledgement renews `tcpi_last_ack_recv`.
  private func hasNotMoved(in connection: Connection) -> Bool {
    guard let bytesAcknowledged, let bytesReceived, let tcp = connection.tcp else { return false }
    guard tcp.bytesAcknowledged == bytesAcknowledged, tcp.bytesReceived == bytesReceived else {
      return false
    }
    // Data that was just sent, and neither acknowledged nor retransmitted yet, may still move.
    return connection.hasDataInFlight == false || connection.isPeerWindowClosed
      || connection.timer.retransmits > 0
  }
}

extension UInt64 {
  /// The time this many milliseconds earlier, but not before boot.
  fileprivate func minus(_ milliseconds: UInt32) -> UInt64 {
    self - Swift.min(self, UInt64(milliseconds))
  }
}
