import Glibc
package import SystemPackage

/// Bytes on their way to a descriptor, written when at least 64 KiB have come together.
package struct OutputStream: ~Copyable {
  private let descriptor: FileDescriptor
  private var buffer: [UInt8] = []

  private static let flushSize = 64 * 1024

  package init(_ descriptor: FileDescriptor) {
    self.descriptor = descriptor
  }

  /// Appends what `fill` appends, and writes when enough has come together.
  package mutating func write(_ fill: (inout [UInt8]) -> Void) throws(OutputProblem) {
    fill(&buffer)
    if buffer.count >= Self.flushSize { try flush() }
  }

  package mutating func write(_ text: String) throws(OutputProblem) {
    try write { $0.append(contentsOf: text.utf8) }
  }

  /// Appends the JSON that `fill` writes.
  package mutating func writeJSON(_ fill: (inout JSONWriter) -> Void) throws(OutputProblem) {
    var json = JSONWriter()
    fill(&json)
    try write { $0.append(contentsOf: json.take()) }
  }

  /// Writes everything that is waiting.
  package mutating func flush() throws(OutputProblem) {
    guard !buffer.isEmpty else { return }
    defer { buffer.removeAll(keepingCapacity: true) }
    do {
      try unsafe buffer.withUnsafeBytes { octets in
        // Not by 'writeAll', which is generic: the runtime would look through all types for an array.
        var written = 0
        while written < octets.count {
          written += try unsafe descriptor.write(
            UnsafeRawBufferPointer(rebasing: octets[written...]))
        }
      }
    } catch {
      throw OutputProblem(errno: error as? Errno ?? .ioError)
    }
  }
}

/// Standard output, or a file, took no more.
package struct OutputProblem: Error, Equatable {
  package let errno: Errno
}

extension OutputProblem: CustomStringConvertible {
  /// The reason, for a user.
  package var description: String {
    errno == .fileTooLarge ? "the limit on file sizes is reached (see 'ulimit -f')" : "\(errno)"
  }
}
