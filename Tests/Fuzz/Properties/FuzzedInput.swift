/// What connreap reads and others may have written. Its raw value names the folder of its corpus.
package enum FuzzedInput: String, CaseIterable, Sendable {
  /// Policy files.
  case policies = "Policies"
  /// Filters.
  case filters = "Filters"
  /// What the kernel answers.
  case datagrams = "Datagrams"
  /// Recordings and raw dumps.
  case recordings = "Recordings"

  /// Reads `bytes` as connreap would.
  ///
  /// - Throws: ``Violation`` when something is not so that must be so of every input.
  package func check(_ bytes: [UInt8]) throws(Violation) {
    switch self {
    case .policies: try PolicyProperties.check(bytes)
    case .filters: try FilterProperties.check(bytes)
    case .datagrams: try DatagramProperties.check(bytes)
    case .recordings: try RecordingProperties.check(bytes)
    }
  }
}
