/// The kinds of untrusted input. The raw value names the directory of the corpus.
package enum FuzzedInput: String, CaseIterable, Sendable {
  /// Policy files.
  case policies = "Policies"
  /// Filters.
  case filters = "Filters"
  /// Answers of the kernel.
  case datagrams = "Datagrams"
  /// Recordings and raw dumps.
  case recordings = "Recordings"

  /// Reads `bytes` as connreap does.
  ///
  /// - Throws: ``Violation`` if a property does not hold.
  package func check(_ bytes: [UInt8]) throws(Violation) {
    switch self {
    case .policies: try PolicyProperties.check(bytes)
    case .filters: try FilterProperties.check(bytes)
    case .datagrams: try DatagramProperties.check(bytes)
    case .recordings: try RecordingProperties.check(bytes)
    }
  }
}
