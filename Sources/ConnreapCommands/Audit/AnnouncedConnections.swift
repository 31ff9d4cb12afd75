import Connections

/// The connections that were announced, as JSON, so that it need not be made again when it is said
/// what came of them.
final class AnnouncedConnections {
  private var text: [UInt8] = []
  private var ends: [Int] = []
  private var cookies: [SocketCookie] = []

  /// How many octets are kept; the connections after that are written again.
  private static let mostKept = 16 << 20

  /// Keeps what `writer` has written of a connection.
  func keep(_ cookie: SocketCookie, _ written: [UInt8]) {
    guard text.count < Self.mostKept else { return }
    text.append(contentsOf: written)
    ends.append(text.count)
    cookies.append(cookie)
  }

  /// What was written of the connection that was announced in this place; nil if that is another
  /// one, or was not kept.
  func written(at place: Int, of cookie: SocketCookie) -> ArraySlice<UInt8>? {
    guard place < ends.count, cookies[place] == cookie else { return nil }
    return text[(place == 0 ? 0 : ends[place - 1])..<ends[place]]
  }
}
