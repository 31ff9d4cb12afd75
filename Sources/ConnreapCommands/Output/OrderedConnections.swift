import Connections

/// Some connections of a snapshot in the order in which they are shown.
struct OrderedConnections: RandomAccessCollection, Sendable {
  let rows: [Connection]
  /// The places in ``rows``.
  let places: ArraySlice<UInt32>

  var startIndex: Int { places.startIndex }
  var endIndex: Int { places.endIndex }

  subscript(index: Int) -> Connection { rows[Int(places[index])] }

  /// A copy of those in `range`, one behind the other.
  func gathered(_ range: Range<Int>) -> OrderedConnections {
    OrderedConnections(
      rows: places[range].map { rows[Int($0)] }, places: Array(0..<UInt32(range.count))[...])
  }
}
