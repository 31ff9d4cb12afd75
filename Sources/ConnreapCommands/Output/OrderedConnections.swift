import Connections

/// Some connections of a snapshot in the order in which they are shown, without a copy of any.
struct OrderedConnections: RandomAccessCollection, Sendable {
  let rows: [Connection]
  /// The places in ``rows``.
  let places: ArraySlice<UInt32>

  var startIndex: Int { places.startIndex }
  var endIndex: Int { places.endIndex }

  subscript(index: Int) -> Connection { rows[Int(places[index])] }
}
