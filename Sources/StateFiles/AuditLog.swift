internal import Glibc
internal import Synchronization
public import SystemPackage

/// The log of what was closed, when, why and by whom: one JSON object per line, append-only.
///
/// Several runs may write at once. Each write(2) to the file, opened with `O_APPEND`, contains
/// whole lines, so lines do not mix.
///
/// The file may be moved or deleted at any time, as logrotate(8) does. Each append goes to the file
/// that has the name at that moment. If the file is moved during a write, the lines are written
/// again to the new file. logrotate may have compressed the old one without them. A reader skips
/// such repetitions.
public struct AuditLog: ~Copyable {
  /// The file name in the state directory.
  public static let fileName = "audit.jsonl"

  /// Where the file is.
  public let path: FilePath

  private let directory: OpenFile
  private let opened: Mutex<Opened>

  /// Not private, because Swift 6.3 would then generate no code for other modules.
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

  /// Opens the log in `stateDirectory`, and creates it if missing (mode 0600).
  public init(in stateDirectory: borrowing StateDirectory) throws(AuditLogProblem) {
    let path = stateDirectory.path.appending(Self.fileName)
    do throws(Errno) {
      let directory = try OpenFile(duplicating: stateDirectory.file.descriptor.rawValue)
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

  /// How many times to write the lines if the file keeps being moved.
  private static let attempts = 8

  /// Appends `lines`. Each line ends with a line break and contains no other.
  ///
  /// If an earlier run left an incomplete line, that line is terminated first.
  ///
  /// - Throws: also if only part of `lines` could be written. The file then ends in an incomplete
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

  /// Whether the file still has its name. Each append checks twice, so this is a single system
  /// call.
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
    let bytes = try endsInPartialLine(opened, size) ? [UInt8(ascii: "\n")] + lines : lines
    let (count, code) = unsafe bytes.withUnsafeBytes { buffer in
      let count = unsafe write(opened.file.descriptor.rawValue, buffer.baseAddress, buffer.count)
      return (count, errno)
    }
    guard count >= 0 else { throw Errno(rawValue: code) }
    guard count == bytes.count else { throw .noSpace }
    opened.ownEnd = size + count
  }

  /// Whether the file, of `size` bytes, ends in an incomplete line. A line that another run is
  /// writing does not count: a write to a regular file is atomic for readers.
  private static func endsInPartialLine(
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
