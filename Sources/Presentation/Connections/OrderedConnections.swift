package import Connections

/// Some connections of a snapshot, in display order.
package struct OrderedConnections: RandomAccessCollection, Sendable {
  /// All connections of the snapshot, in the order of the dump.
  package let rows: [Connection]
  /// Indices into ``rows``, in display order.
  package let places: ArraySlice<UInt32>

  package init(rows: [Connection], places: ArraySlice<UInt32>) {
    self.rows = rows
    self.places = places
  }

  package var startIndex: Int { places.startIndex }
  package var endIndex: Int { places.endIndex }

  package subscript(index: Int) -> Connection { rows[Int(places[index])] }
}
