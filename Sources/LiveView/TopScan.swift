package import Connections
package import Presentation
package import Scanning

/// The result of one scan for the live view.
package struct TopScan: Sendable {
  package let snapshot: Snapshot
  package let text: ConnectionText
  /// The text of the filter that it used; empty for none.
  package let filter: String
  /// When it started, on a monotonic clock.
  package let start: Duration
  /// The duration of the scan.
  package let length: Duration
  /// The local time of day, `10:12:45`.
  package let clock: String
  /// Warnings about network namespaces and history.
  package var notices: [String] = []

  package var connections: [Connection] { snapshot.connections }
}
