import Connections
import Scanning

/// What one scan brought to the live view.
struct TopScan: Sendable {
  let snapshot: Snapshot
  let text: ConnectionText
  /// The text of the filter that it was made with; empty for none.
  let filter: String
  /// When it was begun, by a clock that never goes back.
  let start: Duration
  /// How long it took.
  let length: Duration
  /// The time of day, `10:12:45`.
  let clock: String
  /// What could not be found out of network namespaces.
  var notices: [String] = []

  var connections: [Connection] { snapshot.connections }
}
