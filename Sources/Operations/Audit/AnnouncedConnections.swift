package import Connections

/// Keeps the JSON of announced connections, which the log entries about their outcome repeat.
package final class AnnouncedConnections {
  private var kept: [(cookie: SocketCookie, json: ArraySlice<UInt8>)] = []
  /// The bytes in ``kept``.
  private var size = 0

  /// Connections that would exceed this many bytes are rendered again.
  private static let maximumSize = 16 << 20

  package init() {}

  /// Keeps the JSON of the next connection without copying it, which would delay every closing.
  package func keep(_ cookie: SocketCookie, _ json: ArraySlice<UInt8>) {
    guard size + json.count <= Self.maximumSize else { return }
    size += json.count
    kept.append((cookie, json))
  }

  /// The JSON of the connection that was kept at `index`; nil if that is another connection.
  package func json(at index: Int, of cookie: SocketCookie) -> ArraySlice<UInt8>? {
    guard index < kept.count, kept[index].cookie == cookie else { return nil }
    return kept[index].json
  }
}
