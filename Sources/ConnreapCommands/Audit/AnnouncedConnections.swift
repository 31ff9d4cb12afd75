import Connections

/// The connections that were announced, as JSON, so that it need not be made again when it is said
/// what came of them.
final class AnnouncedConnections {
  /// The lines of each group that was announced.
  private var groups: [[UInt8]] = []
  private var places: [Place] = []
  private var octets = 0

  private struct Place {
    let cookie: SocketCookie
    let group: Int32
    let range: Range<Int32>
  }

  /// How many octets are kept; the connections after that are written again.
  private static let mostKept = 24 << 20

  /// Keeps the lines of a group, in which each connection is written where `ranges` says.
  func keep(_ cookies: some Sequence<SocketCookie>, in lines: [UInt8], at ranges: [Range<Int>]) {
    guard octets < Self.mostKept, let end = Int32(exactly: lines.count) else { return }
    let group = Int32(groups.count)
    groups.append(lines)
    octets += lines.count
    for (cookie, range) in zip(cookies, ranges) where range.upperBound <= end {
      places.append(
        Place(
          cookie: cookie, group: group, range: Int32(range.lowerBound)..<Int32(range.upperBound)))
    }
  }

  /// What was written of the connection that was announced in this place; nil if that is another
  /// one, or was not kept.
  func written(at place: Int, of cookie: SocketCookie) -> ArraySlice<UInt8>? {
    guard place < places.count, places[place].cookie == cookie else { return nil }
    let (group, range) = (places[place].group, places[place].range)
    return groups[Int(group)][Int(range.lowerBound)..<Int(range.upperBound)]
  }
}
