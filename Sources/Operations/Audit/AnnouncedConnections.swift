package import Connections

/// The announced connections as JSON, kept so that the log entries about their outcome can repeat it.
package final class AnnouncedConnections {
  private var places: [Place] = []
  /// How many octets the texts take.
  private var size = 0

  private struct Place {
    let cookie: SocketCookie
    /// Part of the buffer in which it was rendered: a copy would take time in every closing.
    let written: ArraySlice<UInt8>
  }

  /// How many octets of texts are kept; the connections after that are written again.
  private static let maximumSize = 16 << 20

  /// Nothing was announced yet.
  package init() {}

  /// Keeps what was written of a connection, with the whole buffer of which it is a part.
  package func keep(_ cookie: SocketCookie, _ written: ArraySlice<UInt8>) {
    guard size + written.count <= Self.maximumSize else { return }
    size += written.count
    places.append(Place(cookie: cookie, written: written))
  }

  /// What was written of the connection that was announced in this place; nil if that is another
  /// one, or was not kept.
  package func written(at place: Int, of cookie: SocketCookie) -> ArraySlice<UInt8>? {
    guard place < places.count, places[place].cookie == cookie else { return nil }
    return places[place].written
  }
}
