import Glibc
package import SystemPackage

/// The standard descriptors, and how to say something on them at once.
package enum Standard {
  /// Data.
  package static let output = FileDescriptor.standardOutput
  /// Everything else.
  package static let error = FileDescriptor.standardError

  /// Says `text` on standard error. That it cannot be said is no reason to stop.
  package static func say(_ text: String) {
    _ = try? error.writeAll(text.utf8)
  }

  /// Opens /dev/null in the place of those that whoever started connreap has closed: the next file
  /// to be opened, the audit log perhaps, would take the place and be written to.
  package static func open() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest number that is free is the one that is missing.
      _ = try? unsafe FileDescriptor.open("/dev/null", .readWrite)
    }
  }
}
