import Glibc
package import SystemPackage

/// Buffered output to a descriptor, written in blocks of at least 64 KiB.
package struct OutputStream: ~Copyable {
  /// Nil if the output is only collected.
  private let descriptor: FileDescriptor?
  private var buffer: [UInt8] = []

  private static let flushSize = 64 * 1024

  /// Whether the output is text, whose characters depend on the locale.
  private let isText: Bool

  /// - Parameter isText: false for a format that defines its encoding.
  package init(_ descriptor: FileDescriptor, isText: Bool = true) {
    self.descriptor = descriptor
    self.isText = isText
  }

  private init() {
    descriptor = nil
    isText = true
  }

  /// What `print` writes.
  package static func collecting(_ print: (inout OutputStream) throws -> Void) rethrows -> [UInt8] {
    var stream = OutputStream()
    try print(&stream)
    return stream.buffer
  }

  /// Appends what `fill` appends, and writes the buffer once it is large enough.
  package mutating func write(_ fill: (inout [UInt8]) -> Void) throws(OutputProblem) {
    fill(&buffer)
    if buffer.count >= Self.flushSize, descriptor != nil { try flush() }
  }

  /// Appends `text`, and writes the buffer once it is large enough.
  package mutating func write(_ text: String) throws(OutputProblem) {
    try write { $0.append(contentsOf: text.utf8) }
  }

  /// Appends the JSON that `fill` writes.
  package mutating func writeJSON(_ fill: (inout JSONWriter) -> Void) throws(OutputProblem) {
    var json = JSONWriter()
    fill(&json)
    try write { $0.append(contentsOf: json.take()) }
  }

  /// Writes everything in the buffer.
  package mutating func flush() throws(OutputProblem) {
    guard !buffer.isEmpty, let descriptor else { return }
    defer { buffer.removeAll(keepingCapacity: true) }
    if isText { OutputCharacters.restrict(&buffer) }
    do {
      _ = try descriptor.writeAll(buffer)
    } catch {
      throw OutputProblem(errno: error as? Errno ?? .ioError)
    }
  }
}

/// A write to standard output or a file failed.
package struct OutputProblem: Error, Equatable {
  package let errno: Errno
}

extension OutputProblem: CustomStringConvertible {
  /// The reason, for a user.
  package var description: String {
    errno == .fileTooLarge ? "the limit on file sizes is reached (see 'ulimit -f')" : "\(errno)"
  }
}
