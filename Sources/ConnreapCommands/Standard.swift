import SystemPackage

/// The standard descriptors, and how to say something on them at once.
enum Standard {
  /// Data.
  static let output = FileDescriptor.standardOutput
  /// Everything else.
  static let error = FileDescriptor.standardError

  /// Says `text` on standard error. That it cannot be said is no reason to stop.
  static func say(_ text: String) {
    _ = try? error.writeAll(text.utf8)
  }
}
