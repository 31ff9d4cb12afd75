package import Connections

/// The connections that were announced, as JSON, so that it need not be made again when it is said
/// what came of them.
package final class AnnouncedConnections {
  /// The texts one after the other, in parts: none is moved when there are more.
  private var parts: [[UInt8]] = []
  private var places: [Place] = []

  private struct Place {
    let cookie: SocketCookie
    let part: Int32
    let range: Range<Int32>
  }

  /// How many octets a part has, unless one text alone is longer.
  private static let partSize = 64 << 10
  /// How many parts are kept; the connections after that are written again.
  private static let mostParts = 256

  /// Keeps what was written of a connection.
  package func keep(_ cookie: SocketCookie, _ written: ArraySlice<UInt8>) {
    if parts.isEmpty || parts[parts.count - 1].count + written.count > Self.partSize {
      guard parts.count < Self.mostParts, Int32(exactly: written.count) != nil else { return }
      parts.append([])
      parts[parts.count - 1].reserveCapacity(max(Self.partSize, written.count))
    }
    let last = parts.count - 1
    let start = Int32(parts[last].count)
    parts[last].append(contentsOf: written)
    places.append(
      Place(cookie: cookie, part: Int32(last), range: start..<Int32(parts[last].count)))
  }

  /// What was written of the connection that was announced in this place; nil if that is another
  /// one, or was not kept.
  package func written(at place: Int, of cookie: SocketCookie) -> ArraySlice<UInt8>? {
    guard place < places.count, places[place].cookie == cookie else { return nil }
    let (part, range) = (places[place].part, places[place].range)
    return parts[Int(part)][Int(range.lowerBound)..<Int(range.upperBound)]
  }
}
