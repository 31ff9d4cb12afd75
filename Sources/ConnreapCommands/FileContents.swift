import SystemPackage

/// Whole files, read and written at once.
enum FileContents {
  /// The bytes of the file at `path`.
  ///
  /// - Throws: `fileTooLarge` when they are more than `limit`.
  static func read(_ path: FilePath, atMost limit: Int = .max) throws(Errno) -> [UInt8] {
    try Errno.only {
      let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
      return try file.closeAfter {
        var contents: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
          let count = try unsafe part.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
          guard count > 0 else { return contents }
          contents.append(contentsOf: part[..<count])
          guard contents.count <= limit else { throw Errno.fileTooLarge }
        }
      }
    }
  }

  /// Makes or replaces the file at `path`, readable by its owner alone: it says who talks to whom.
  static func write(_ bytes: [UInt8], to path: FilePath) throws(Errno) {
    try Errno.only {
      let file = try FileDescriptor.open(
        path, .writeOnly, options: [.create, .truncate, .closeOnExec], permissions: .ownerReadWrite)
      _ = try file.closeAfter { try file.writeAll(bytes) }
    }
  }
}

extension Errno {
  /// Runs `body`, all of whose errors are errnos: what swift-system throws.
  fileprivate static func only<Value>(_ body: () throws -> Value) throws(Errno) -> Value {
    do {
      return try body()
    } catch {
      throw error as? Errno ?? .ioError
    }
  }
}
