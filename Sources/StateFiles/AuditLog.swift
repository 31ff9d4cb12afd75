internal import Glibc
internal import Synchronization
public import SystemPackage

/// The log of what was closed, when, why and by whom: one JSON object a line, appended only.
///
/// Several runs may write at once: lines are whole in each write(2) to a file opened with
/// `O_APPEND`, so that they do not mix.
public struct AuditLog: ~Copyable {
  /// The name of the file in the folder.
  public static let fileName = "audit.jsonl"

  /// Where the file is.
  public let path: FilePath

  private let file: OpenFile
  /// Where this run's last line ended; -1 before the first.
  private let ownEnd = Atomic(-1)

  /// Opens the log of `folder`, made when it is not there (mode 0600).
  public init(in folder: borrowing StateFolder) throws(AuditLogProblem) {
    let path = folder.path.appending(Self.fileName)
    do throws(Errno) {
      let file = try OpenFile(
        FilePath(Self.fileName), from: folder.file.descriptor,
        flags: O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
      guard try AccessFacts(of: file).type == .regular else { throw .invalidArgument }
      self.file = file
      self.path = path
    } catch {
      throw AuditLogProblem(path: path, errno: error)
    }
  }

  /// Appends `lines`, each of which ends with its line break and holds no other.
  ///
  /// What an earlier run left without its line break is ended first, so that no line is lost to it.
  ///
  /// - Throws: also when only a part of it found room: what is on the disk then ends in no whole
  ///   line.
  public borrowing func append(_ lines: [UInt8]) throws(AuditLogProblem) {
    do {
      let size = Int(try file.descriptor.stat().size)
      let bytes = try endsWithPart(size) ? [UInt8(ascii: "\n")] + lines : lines
      let count = try unsafe bytes.withUnsafeBytes { try unsafe file.descriptor.write($0) }
      guard count == bytes.count else { throw Errno.noSpace }
      ownEnd.store(size + count, ordering: .relaxed)
    } catch {
      throw AuditLogProblem(path: path, errno: error as? Errno ?? .ioError)
    }
  }

  /// Whether the file, of `size` octets, ends in the middle of a line. Another run's line cannot be
  /// seen half written: a write to a regular file is one step to all that read it.
  private func endsWithPart(_ size: Int) throws -> Bool {
    guard size > 0, size != ownEnd.load(ordering: .relaxed) else { return false }
    var last: UInt8 = 0
    let count = try unsafe withUnsafeMutableBytes(of: &last) { byte in
      try unsafe file.descriptor.read(fromAbsoluteOffset: Int64(size) - 1, into: byte)
    }
    return count == 1 && last != UInt8(ascii: "\n")
  }
}

/// Why the audit log could not be opened or written.
public struct AuditLogProblem: Error, Equatable, Sendable {
  /// Where the file is.
  public let path: FilePath
  /// What the system said; `EINVAL` for something that is no regular file.
  public let errno: Errno
  /// Whether it was to be read.
  public var isReading = false
}

extension AuditLogProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    "cannot \(isReading ? "read" : "write") the audit log \(path): \(errno)"
  }
}
