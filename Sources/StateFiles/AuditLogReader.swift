internal import Glibc
public import SystemPackage

/// Reads an audit log line by line, and keeps only the current line in memory.
public struct AuditLogReader: ~Copyable {
  /// The maximum length of a line: 1 MiB.
  public static let lineLimit = 1 << 20

  /// Where the file is.
  public let path: FilePath

  private let file: OpenFile
  /// The decompressor; nil for a plain file.
  private var packed: GzipStream?
  /// The data that was read; the unused part begins at ``start``.
  private var buffer: [UInt8] = []
  private var start = 0
  /// Whether the data up to the next line break belongs to a line that is too long.
  private var isSkipping = false
  /// The number of bytes read so far.
  private var read: Int64 = 0

  private static let partSize = 64 * 1024

  /// A line of the file.
  public enum Line: Equatable, Sendable {
    /// A whole line, without its line break.
    case whole(ArraySlice<UInt8>)
    /// A line longer than ``lineLimit``.
    case tooLong
  }

  /// The maximum size of a compressed log when uncompressed: 8 GiB, about seven million entries.
  public static let uncompressedLimit = 8 << 30

  /// Opens the log that was found, plain or compressed by gzip(1).
  public init(
    _ found: AuditLogFile, uncompressedLimit: Int = uncompressedLimit
  ) throws(AuditLogProblem) {
    path = found.path
    do throws(Errno) {
      let file = try OpenFile.reading(found.found, at: found.path)
      let start = try Self.start(of: file)
      self.file = file
      packed = start == GzipStream.magic ? GzipStream(limit: uncompressedLimit) : nil
    } catch {
      throw AuditLogProblem(path: found.path, errno: error, isReading: true)
    }
  }

  /// Opens the log at `path`. Refuses a link, a FIFO or a device.
  public init(_ path: FilePath) throws(AuditLogProblem) {
    guard let found = try AuditLogFile(path) else {
      throw AuditLogProblem(path: path, errno: .noSuchFileOrDirectory, isReading: true)
    }
    try self.init(found)
  }

  private static func start(of file: borrowing OpenFile) throws(Errno) -> [UInt8] {
    var start = [UInt8](repeating: 0, count: GzipStream.magic.count)
    let (count, code) = unsafe start.withUnsafeMutableBytes { buffer in
      let count = unsafe pread(file.descriptor.rawValue, buffer.baseAddress, buffer.count, 0)
      return (count, errno)
    }
    guard count >= 0 else { throw Errno(rawValue: code) }
    return Array(start[..<count])
  }

  /// The next line that ends with a line break; nil if there is none yet.
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

  /// Whether the file ends in an incomplete line.
  public var endsInPartialLine: Bool { isSkipping || start < buffer.count }

  /// Whether logrotate(8) has replaced or truncated the file at the path.
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
    guard packed == nil else { return try fillFromPacked() }
    let old = buffer.count
    do {
      defer { read += Int64(buffer.count - old) }
      return try file.append(atMost: Self.partSize, to: &buffer)
    } catch {
      throw AuditLogProblem(path: path, errno: error, isReading: true)
    }
  }

  private mutating func fillFromPacked() throws(AuditLogProblem) -> Bool {
    do {
      return try packed?.append(from: file, atMost: Self.partSize, to: &buffer) ?? false
    } catch {
      switch error {
      case .cannotRead(let errno):
        throw AuditLogProblem(path: path, errno: errno, isReading: true)
      case .fault(let fault):
        throw AuditLogProblem(path: path, errno: .ioError, isReading: true, fault: fault)
      }
    }
  }
}
