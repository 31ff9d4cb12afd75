/// What earlier runs know about a connection. Times are lower bounds, in milliseconds.
public struct ConnectionPast: Equatable, Sendable {
  /// Time since connreap first saw the connection.
  public let age: UInt64
  /// Time since connreap first saw it in its current state.
  public let inState: UInt64
  /// Time since its byte counters last changed; nil when the counters are missing.
  ///
  /// Unlike the kernel's times, it does not wrap after 49.7 days.
  public let idle: UInt64?

  /// Creates a history from its times.
  public init(age: UInt64, inState: UInt64, idle: UInt64?) {
    self.age = age
    self.inState = inState
    self.idle = idle
  }

  /// The longest possible times, to find what a selection would match regardless of its times.
  public static let longest = ConnectionPast(age: .max, inState: .max, idle: .max)
}

// The kernel's times combined with those of earlier runs.
extension Connection {
  /// The least time for which no payload has moved, in milliseconds; nil when unknown.
  public func idle(given past: ConnectionPast?) -> UInt64? {
    guard let idle else { return nil }
    return max(UInt64(idle), past?.idle ?? 0)
  }

  /// The least time that it has been in its state, in milliseconds; nil when unknown.
  public func inStateAtLeast(given past: ConnectionPast?) -> UInt64? {
    guard let least = inStateAtLeast.map(UInt64.init) else { return past?.inState }
    return max(least, past?.inState ?? 0)
  }
}
