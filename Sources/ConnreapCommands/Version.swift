/// The version of connreap.
enum Version {
  /// As `connreap --version` prints it.
  static let text = "0.1.0"
}
