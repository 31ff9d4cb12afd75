/// The version of connreap.
package enum Version {
  /// As `connreap --version` prints it.
  package static let text = "0.1.0"
}
