import Glibc
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

extension FileContents {
  /// Makes or replaces the file at `path` as a whole: who reads it finds the old content or the new
  /// (rename(2)), and the old when this fails.
  ///
  /// - Parameter permissions: of the file, whatever the umask is; readable by all, if nothing is said.
  static func replace(
    _ path: FilePath, with bytes: [UInt8],
    permissions: FilePermissions = [.ownerReadWrite, .groupRead, .otherRead]
  ) throws(Errno) {
    guard let name = path.lastComponent else { throw .invalidArgument }
    // No name that a collector of *.prom would read.
    let temporary = path.removingLastComponent().appending(".\(name).\(getpid()).tmp")
    try Errno.only {
      let file = try FileDescriptor.open(
        temporary, .writeOnly, options: [.create, .exclusiveCreate, .noFollow, .closeOnExec],
        permissions: .ownerReadWrite)
      do {
        _ = try file.closeAfter {
          try file.writeAll(bytes)
          try check(fchmod(file.rawValue, permissions.rawValue))
          try check(fsync(file.rawValue))
        }
        try unsafe temporary.withPlatformString { from in
          try unsafe path.withPlatformString { to in try check(unsafe rename(from, to)) }
        }
      } catch {
        _ = unsafe temporary.withPlatformString { unsafe unlink($0) }
        throw error
      }
    }
  }

  private static func check(_ result: Int32) throws(Errno) {
    guard result == 0 else { throw Errno(rawValue: errno) }
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
