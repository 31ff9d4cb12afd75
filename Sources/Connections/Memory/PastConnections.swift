/// The connections that earlier runs saw, at the moment of a scan.
public struct PastConnections: Sendable {
  private let remembered: [SocketCookie: RememberedConnection]
  private let uptime: UInt64

  /// Nothing is known of any.
  public static let unknown = PastConnections([:], at: 0)

  /// What is remembered of some, by their cookies, for a scan at `uptime` (in milliseconds).
  public init(_ remembered: [SocketCookie: RememberedConnection], at uptime: UInt64) {
    self.remembered = remembered
    self.uptime = uptime
  }

  /// Whether there are none.
  public var isEmpty: Bool { remembered.isEmpty }

  /// What earlier runs add to what is known of `connection`; nil when they add nothing.
  public func past(of connection: Connection) -> ConnectionPast? {
    guard !remembered.isEmpty else { return nil }
    return remembered[connection.cookie]?.past(of: connection, at: uptime)
  }
}
