internal import Glibc
internal import Synchronization
public import SystemPackage

/// The log of what was closed, when, why and by whom: one JSON object a line, appended only.
///
/// Several runs may write at once: lines are whole in each write(2) to a file opened with
/// `O_APPEND`, so that they do not mix.
///
/// The file may be moved or deleted at any time, as logrotate(8) does: each append goes to the file
/// that has the name then. Lines that were written while the file was being moved are written again
/// to the new one, since logrotate may have compressed the old one without them. A reader leaves
/// out such repetitions.
public struct AuditLog: ~Copyable {
  /// The name of the file in the folder.
  public static let fileName = "audit.jsonl"

  /// Where the file is.
  public let path: FilePath

  private let directory: OpenFile
  private let opened: Mutex<Opened>

  /// Not private: the compiler (6.3) makes no code for other modules then.
  struct Opened: ~Copyable {
    let file: OpenFile
    let inode: ino_t
    let device: dev_t
    /// Where this run's last line ended; -1 before the first.
    var ownEnd = -1

    init(_ file: consuming OpenFile) throws(Errno) {
      let facts = try file.facts()
      guard facts.type == .regular else { throw .invalidArgument }
      (inode, device) = (facts.rawValue.st_ino, facts.rawValue.st_dev)
      self.file = file
    }
  }

  /// Opens the log of `folder`, made when it is not there (mode 0600).
  public init(in folder: borrowing StateFolder) throws(AuditLogProblem) {
    let path = folder.path.appending(Self.fileName)
    do throws(Errno) {
      let directory = try OpenFile(duplicating: folder.file.descriptor.rawValue)
      let file = try Opened(Self.open(in: directory))
      self.directory = directory
      opened = Mutex(file)
      self.path = path
    } catch {
      throw AuditLogProblem(path: path, errno: error)
    }
  }

  private static func open(in directory: borrowing OpenFile) throws(Errno) -> OpenFile {
    try OpenFile(
      FilePath(fileName), from: directory.descriptor,
      flags: O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode: 0o600)
  }

  /// How often lines are written when the file is moved again each time.
  private static let attempts = 8

  /// Appends `lines`, each of which ends with its line break and holds no other.
  ///
  /// What an earlier run left without its line break is ended first, so that no line is lost to it.
  ///
  /// - Throws: also when only a part of it found room: what is on the disk then ends in no whole
  ///   line.
  public borrowing func append(_ lines: [UInt8]) throws(AuditLogProblem) {
    do throws(Errno) {
      for _ in 0..<Self.attempts {
        if try appendOnce(lines) { return }
      }
    } catch {
      throw AuditLogProblem(path: path, errno: error)
    }
  }

  /// - Returns: whether the file still had its name afterwards.
  private borrowing func appendOnce(_ lines: [UInt8]) throws(Errno) -> Bool {
    try opened.withLock { opened throws(Errno) in
      if !Self.isInPlace(opened, in: directory) {
        opened = try Opened(Self.open(in: directory))
      }
      try Self.append(lines, to: &opened)
      return Self.isInPlace(opened, in: directory)
    }
  }

  /// Whether the file still has its name: one system call, for it is asked twice an append.
  private static func isInPlace(
    _ opened: borrowing Opened, in directory: borrowing OpenFile
  ) -> Bool {
    var named = stat()
    let code = unsafe fstatat(
      directory.descriptor.rawValue, fileName, &named, AT_SYMLINK_NOFOLLOW)
    return code == 0 && named.st_ino == opened.inode && named.st_dev == opened.device
  }

  private static func append(
    _ lines: [UInt8], to opened: inout Opened
  ) throws(Errno) {
    let size = Int(try opened.file.facts().size)
    let bytes = try endsWithPart(opened, size) ? [UInt8(ascii: "\n")] + lines : lines
    let (count, code) = unsafe bytes.withUnsafeBytes { buffer in
      let count = unsafe write(opened.file.descriptor.rawValue, buffer.baseAddress, buffer.count)
      return (count, errno)
    }
    guard count >= 0 else { throw Errno(rawValue: code) }
    guard count == bytes.count else { throw .noSpace }
    opened.ownEnd = size + count
  }

  /// Whether the file, of `size` octets, ends in the middle of a line. Another run's line cannot be
  /// seen half written: a write to a regular file is one step to all that read it.
  private static func endsWithPart(
    _ opened: borrowing Opened, _ size: Int
  ) throws(Errno) -> Bool {
    guard size > 0, size != opened.ownEnd else { return false }
    var last: UInt8 = 0
    let (count, code) = unsafe withUnsafeMutableBytes(of: &last) { byte in
      let count = unsafe pread(opened.file.descriptor.rawValue, byte.baseAddress, 1, size - 1)
      return (count, errno)
    }
    guard count >= 0 else { throw Errno(rawValue: code) }
    return count == 1 && last != UInt8(ascii: "\n")
  }
}
