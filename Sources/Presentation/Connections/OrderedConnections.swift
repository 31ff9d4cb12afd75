package import Connections

/// Some connections of a snapshot in the order in which they are shown.
package struct OrderedConnections: RandomAccessCollection, Sendable {
  package let rows: [Connection]
  /// The places in ``rows``.
  package let places: ArraySlice<UInt32>

  package init(rows: [Connection], places: ArraySlice<UInt32>) {
    self.rows = rows
    self.places = places
  }

  package var startIndex: Int { places.startIndex }
  package var endIndex: Int { places.endIndex }

  package subscript(index: Int) -> Connection { rows[Int(places[index])] }

  /// A copy of those in `range`, one behind the other.
  package func gathered(_ range: Range<Int>) -> OrderedConnections {
    OrderedConnections(
      rows: places[range].map { rows[Int($0)] }, places: Array(0..<UInt32(range.count))[...])
  }
}
