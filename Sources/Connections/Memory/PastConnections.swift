/// The connections that earlier runs saw, as of one scan.
public struct PastConnections: Sendable {
  private let remembered: [SocketCookie: RememberedConnection]
  private let uptime: UInt64

  /// No history.
  public static let unknown = PastConnections([:], at: 0)

  /// Creates the history for a scan at `uptime` (in milliseconds) from connections by cookie.
  public init(_ remembered: [SocketCookie: RememberedConnection], at uptime: UInt64) {
    self.remembered = remembered
    self.uptime = uptime
  }

  /// Whether no connection is remembered.
  public var isEmpty: Bool { remembered.isEmpty }

  /// What earlier runs know about `connection`; nil for nothing.
  public func past(of connection: Connection) -> ConnectionPast? {
    guard !remembered.isEmpty else { return nil }
    return remembered[connection.cookie]?.past(of: connection, at: uptime)
  }
}
