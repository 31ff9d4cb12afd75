internal import Glibc
public import SystemPackage

/// Reads an audit log line by line, and keeps no more of it than the line at hand.
public struct AuditLogReader: ~Copyable {
  /// The longest line that is taken for one: 1 MiB.
  public static let lineLimit = 1 << 20

  /// Where the file is.
  public let path: FilePath

  private let file: OpenFile
  /// What was read and not given out, from ``start`` on.
  private var buffer: [UInt8] = []
  private var start = 0
  /// Whether what follows up to the next line break is the rest of a line that is too long.
  private var isSkipping = false
  /// How many bytes were read so far.
  private var read: Int64 = 0

  private static let partSize = 64 * 1024

  /// A line of the file.
  public enum Line: Equatable, Sendable {
    /// A whole one, without its line break.
    case whole(ArraySlice<UInt8>)
    /// One that is longer than ``lineLimit``.
    case tooLong
  }

  /// Opens the log at `path`. A link, a FIFO or a device is refused.
  public init(_ path: FilePath) throws(AuditLogProblem) {
    do throws(Errno) {
      let file = try OpenFile(path, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
      guard try AccessFacts(of: file).type == .regular else { throw .invalidArgument }
      self.file = file
      self.path = path
    } catch {
      throw AuditLogProblem(path: path, errno: error, isReading: true)
    }
  }

  /// The next line that ends with a line break; nil when there is none yet.
  public mutating func next() throws(AuditLogProblem) -> Line? {
    var searched = start
    while true {
      if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = buffer[start..<end]
        start = end + 1
        guard !isSkipping else {
          isSkipping = false
          return .tooLong
        }
        return line.count > Self.lineLimit ? .tooLong : .whole(line)
      }
      if buffer.count - start > Self.lineLimit {
        isSkipping = true
        start = buffer.count
      }
      searched = buffer.count - start
      guard try fill() else { return nil }
    }
  }

  /// Whether the file ends in the middle of a line.
  public var endsWithPart: Bool { isSkipping || start < buffer.count }

  /// Whether the file at the path is another one by now, or was cut: what logrotate(8) does.
  public var isReplaced: Bool {
    guard let now = try? path.stat(followTargetSymlink: false),
      let open = try? file.descriptor.stat()
    else { return true }
    return now.inode != open.inode || now.deviceID != open.deviceID || now.size < read
  }

  /// Reads more; false at the end of the file.
  private mutating func fill() throws(AuditLogProblem) -> Bool {
    buffer.removeSubrange(..<start)
    start = 0
    let old = buffer.count
    buffer.append(contentsOf: repeatElement(0, count: Self.partSize))
    do {
      let count = try unsafe buffer.withUnsafeMutableBytes { bytes in
        try unsafe file.descriptor.read(
          into: UnsafeMutableRawBufferPointer(rebasing: bytes[old...]))
      }
      buffer.removeSubrange((old + count)...)
      read += Int64(count)
      return count > 0
    } catch {
      buffer.removeSubrange(old...)
      throw AuditLogProblem(path: path, errno: error as? Errno ?? .ioError, isReading: true)
    }
  }
}
