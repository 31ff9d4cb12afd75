/// What is kept of a connection from one run to the next.
///
/// Times are in milliseconds of the machine's uptime, which no change of the clock moves. They mean
/// nothing after the boot, as the cookie does.
public struct RememberedConnection: Equatable, Sendable {
  /// The socket: its cookie, and the ends that it had.
  public let identity: SocketIdentity
  /// The state in which it was seen last.
  public let state: TCPState
  /// When it was first seen.
  public let firstSeen: UInt64
  /// Since when it has been in ``state`` at the least.
  public let stateSince: UInt64
  /// Since when no payload has moved at the least; nil when that is unknown.
  public let quietSince: UInt64?
  /// When it was seen last.
  public let lastSeen: UInt64
  /// `tcpi_bytes_acked` when it was seen last.
  public let bytesAcknowledged: UInt64?
  /// `tcpi_bytes_received` when it was seen last.
  public let bytesReceived: UInt64?

  /// What was written down before.
  public init(
    identity: SocketIdentity, state: TCPState, firstSeen: UInt64, stateSince: UInt64,
    quietSince: UInt64?, lastSeen: UInt64, bytesAcknowledged: UInt64?, bytesReceived: UInt64?
  ) {
    self.identity = identity
    self.state = state
    self.firstSeen = firstSeen
    self.stateSince = stateSince
    self.quietSince = quietSince
    self.lastSeen = lastSeen
    self.bytesAcknowledged = bytesAcknowledged
    self.bytesReceived = bytesReceived
  }

  /// A connection that is seen for the first time.
  public init(_ connection: Connection, at uptime: UInt64) {
    self.init(
      identity: connection.identity, state: connection.state, firstSeen: uptime,
      stateSince: uptime.minus(connection.inStateAtLeast ?? 0),
      quietSince: connection.idle.map { uptime.minus($0) }, lastSeen: uptime,
      bytesAcknowledged: connection.tcp?.bytesAcknowledged,
      bytesReceived: connection.tcp?.bytesReceived)
  }

  /// The same connection, seen again at `uptime` as it is now.
  public func seenAgain(_ connection: Connection, at uptime: UInt64) -> RememberedConnection {
    let now = RememberedConnection(connection, at: uptime)
    guard isOne(with: connection, at: uptime) else { return now }
    let isInSameState = connection.state == state
    return RememberedConnection(
      identity: identity, state: connection.state, firstSeen: firstSeen,
      stateSince: isInSameState ? min(stateSince, now.stateSince) : now.stateSince,
      quietSince: hasStoodStill(until: connection)
        ? now.quietSince.map { min($0, quietSince ?? $0) } : now.quietSince,
      lastSeen: uptime, bytesAcknowledged: now.bytesAcknowledged, bytesReceived: now.bytesReceived)
  }

  /// What is known of `connection`, looked at now; nil when it is another one.
  public func past(of connection: Connection, at uptime: UInt64) -> ConnectionPast? {
    guard isOne(with: connection, at: uptime) else { return nil }
    let now = seenAgain(connection, at: uptime)
    return ConnectionPast(
      age: uptime - firstSeen, inState: uptime - min(now.stateSince, uptime),
      idle: now.quietSince.map { uptime - min($0, uptime) })
  }

  /// Whether `connection` is this one as it was seen last: in the same state, and no payload has
  /// moved as far as counters can tell; false when they cannot.
  public func isUnchanged(in connection: Connection, at uptime: UInt64) -> Bool {
    isOne(with: connection, at: uptime) && connection.state == state
      && hasStoodStill(until: connection)
  }

  /// Whether `connection` is this one. A socket that a program disconnects and connects again keeps
  /// its cookie, but not its ends, or else its counters start again.
  private func isOne(with connection: Connection, at uptime: UInt64) -> Bool {
    func hasGrown(_ before: UInt64?, _ now: UInt64?) -> Bool {
      guard let before, let now else { return true }
      return now >= before
    }
    return connection.identity == identity && uptime >= lastSeen && firstSeen <= lastSeen
      && isPossible(connection, at: uptime)
      && hasGrown(bytesAcknowledged, connection.tcp?.bytesAcknowledged)
      && hasGrown(bytesReceived, connection.tcp?.bytesReceived)
  }

  /// Whether the kernel's own times leave room for what is remembered. If they do not, the remembered
  /// moments are of another clock.
  ///
  /// The kernel's bound starts again after 49.7 days: on a machine that is up for longer it may be of
  /// a younger moment than it seems.
  private func isPossible(_ connection: Connection, at uptime: UInt64) -> Bool {
    guard connection.state == state, uptime <= UInt64(UInt32.max),
      let most = connection.inStateAtMost
    else { return true }
    return uptime - min(stateSince, uptime) <= UInt64(most) + Self.tolerance
  }

  /// How far two readings of one moment may differ, in milliseconds: the rows of a large dump come
  /// after the clock was read.
  private static let tolerance: UInt64 = 60_000

  /// Whether no payload has moved since: nothing new was acknowledged and nothing received, and what
  /// is in flight is stuck there.
  ///
  /// Of such data the kernel's times say less than these counters: a retransmission renews the
  /// time of the last sending, and an answer that acknowledges nothing new that of the last
  /// acknowledgement.
  private func hasStoodStill(until connection: Connection) -> Bool {
    guard let bytesAcknowledged, let bytesReceived, let tcp = connection.tcp else { return false }
    guard tcp.bytesAcknowledged == bytesAcknowledged, tcp.bytesReceived == bytesReceived else {
      return false
    }
    // Data that was sent a moment ago, and neither acknowledged nor sent again yet, is under way.
    return connection.hasDataInFlight == false || connection.isPeerWindowClosed
      || connection.timer.retransmits > 0
  }
}

extension UInt64 {
  /// The moment so many milliseconds before, or the start of the machine.
  fileprivate func minus(_ milliseconds: UInt32) -> UInt64 {
    self - Swift.min(self, UInt64(milliseconds))
  }
}
