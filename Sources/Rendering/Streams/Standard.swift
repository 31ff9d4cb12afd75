import Glibc
package import SystemPackage

/// The standard descriptors, and unbuffered writes to standard error.
package enum Standard {
  /// Data.
  package static let output = FileDescriptor.standardOutput
  /// Everything else.
  package static let error = FileDescriptor.standardError

  /// Writes `text` to standard error at once, and ignores a failure.
  package static func report(_ text: String) {
    _ = try? error.writeAll(OutputCharacters.plain(text).utf8)
  }

  /// Opens /dev/null for each standard descriptor that is closed at startup.
  ///
  /// Otherwise the next file opened, such as the audit log, would get its number and its output.
  package static func open() {
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) < 0 {
      // open(2) returns the lowest free number, which is the missing one.
      _ = try? unsafe FileDescriptor.open("/dev/null", .readWrite)
    }
  }
}
