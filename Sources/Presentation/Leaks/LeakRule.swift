package import Connections

/// Which connections count as leaked. Times are in milliseconds.
package struct LeakRule: Equatable, Sendable {
  /// The minimum time in CLOSE-WAIT without traffic.
  package var leakedAfter: UInt64
  /// The minimum time without traffic of an ESTABLISHED connection that counts too; nil if none
  /// does.
  package var idle: UInt64?

  /// A minute: a program that is still processing what it received usually closes earlier.
  package static let defaultLimit: UInt64 = 60_000

  package init(leakedAfter: UInt64 = defaultLimit, idle: UInt64? = nil) {
    self.leakedAfter = leakedAfter
    self.idle = idle
  }

  /// Whether `connection` is leaked; unknown if a time is.
  ///
  /// A connection on which the program is still sending is not: payload moves.
  ///
  /// - Parameter past: what earlier runs know about it; nil if nothing.
  package func isLeaked(_ connection: Connection, knowing past: ConnectionPast?) -> Bool? {
    switch connection.state {
    case .closeWait:
      guard let inState = connection.inStateAtLeast(given: past),
        let quiet = connection.idle(given: past)
      else { return nil }
      return inState >= leakedAfter && quiet >= leakedAfter
    case .established:
      guard let idle else { return false }
      return connection.idle(given: past).map { $0 >= idle }
    default: return false
    }
  }
}
