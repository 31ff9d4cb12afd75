/// What earlier runs add to what the kernel says of a connection. Times are in milliseconds, and
/// each is true at the least.
public struct ConnectionPast: Equatable, Sendable {
  /// Since connreap first saw it.
  public let age: UInt64
  /// Since it was first seen in the state that it is in now.
  public let inState: UInt64
  /// Since payload has moved in either direction, as its byte counters say; nil when they do not.
  ///
  /// The kernel's own times start again after 49.7 days; this one does not.
  public let idle: UInt64?

  /// What these times say.
  public init(age: UInt64, inState: UInt64, idle: UInt64?) {
    self.age = age
    self.inState = inState
    self.idle = idle
  }

  /// As long ago as can be: what a selection would say if only its times were long enough.
  public static let longest = ConnectionPast(age: .max, inState: .max, idle: .max)
}

// What the kernel says now and what earlier runs saw, taken together.
extension Connection {
  /// How long no payload has moved at the least, in milliseconds; nil when that is unknown.
  public func idle(knowing past: ConnectionPast?) -> UInt64? {
    guard let idle else { return nil }
    return max(UInt64(idle), past?.idle ?? 0)
  }

  /// How long it has been in its state at the least, in milliseconds; nil when that is unknown.
  public func inStateAtLeast(knowing past: ConnectionPast?) -> UInt64? {
    guard let least = inStateAtLeast.map(UInt64.init) else { return past?.inState }
    return max(least, past?.inState ?? 0)
  }
}
