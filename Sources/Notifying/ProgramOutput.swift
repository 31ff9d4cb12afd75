internal import Glibc
internal import SystemPackage

/// The standard output and error of a program, and the number of processes that it left running.
public struct ProgramOutput: Equatable, Sendable {
  /// The maximum output to keep, in bytes: 64 KiB.
  public static let limit = 64 << 10

  /// The output, up to ``limit``.
  public internal(set) var bytes: [UInt8] = []
  /// Whether more output was discarded.
  public internal(set) var isCut = false
  /// The number of processes that the program left running. They were killed.
  public internal(set) var leftoverProcesses = 0

  mutating func append(_ more: ArraySlice<UInt8>) {
    let room = Self.limit - bytes.count
    bytes += more.prefix(room)
    if more.count > room { isCut = true }
  }
}

/// The pipe for reading the output of a program.
struct OutputPipe: ~Copyable {
  private let near: FileDescriptor
  /// The program's end, until ``closeFarEnd()``.
  let far: FileDescriptor
  private var isFarOpen = true
  private var isEnded = false
  private(set) var output = ProgramOutput()
  private var buffer = [UInt8](repeating: 0, count: 16 << 10)

  /// The maximum to read after the program has ended, in bytes. A process that cannot be killed may
  /// keep writing.
  private static let drainLimit = 1 << 20

  init() throws(Errno) {
    let ends = try FileDescriptor.pipe(options: .closeOnExec)
    (near, far) = (ends.readEnd, ends.writeEnd)
    _ = fcntl(near.rawValue, F_SETFL, O_NONBLOCK)
  }

  /// Closes this process's copy of the far end, so that the near end notices when the program
  /// closes its own.
  mutating func closeFarEnd() {
    guard isFarOpen else { return }
    isFarOpen = false
    try? far.close()
  }

  /// The descriptor to poll for reading; -1 after the end.
  var pollDescriptor: Int32 { isEnded ? -1 : near.rawValue }

  /// Reads once.
  ///
  /// - Returns: whether anything was read.
  @discardableResult
  mutating func read() -> Bool {
    let count = unsafe Glibc.read(near.rawValue, &buffer, buffer.count)
    if count > 0 {
      output.append(buffer[..<count])
    } else if count == 0 || errno != EAGAIN && errno != EINTR {
      isEnded = true
    }
    return count > 0
  }

  /// Reads what is available now.
  mutating func drain() {
    var left = Self.drainLimit
    while left > 0, !isEnded, read() { left -= buffer.count }
  }

  deinit {
    try? near.close()
    if isFarOpen { try? far.close() }
  }
}
