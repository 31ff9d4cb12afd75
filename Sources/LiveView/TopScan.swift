package import Connections
package import Presentation
package import Scanning

/// What one scan brought to the live view.
package struct TopScan: Sendable {
  package let snapshot: Snapshot
  package let text: ConnectionText
  /// The text of the filter that it was made with; empty for none.
  package let filter: String
  /// When it was begun, by a clock that never goes back.
  package let start: Duration
  /// How long it took.
  package let length: Duration
  /// The time of day, `10:12:45`.
  package let clock: String
  /// What could not be found out of network namespaces.
  package var notices: [String] = []

  package var connections: [Connection] { snapshot.connections }
}
