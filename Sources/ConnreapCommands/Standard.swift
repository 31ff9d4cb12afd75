import Glibc
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

  /// Opens /dev/null in the place of those that whoever started connreap has closed: the next file
  /// to be opened, the audit log perhaps, would take the place and be written to.
  static func open() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // The lowest number that is free is the one that is missing.
      _ = try? unsafe FileDescriptor.open("/dev/null", .readWrite)
    }
  }
}
