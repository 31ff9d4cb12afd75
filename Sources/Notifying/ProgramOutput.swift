internal import Glibc
internal import SystemPackage

/// What a program wrote to its standard output and error, and what it left running.
public struct ProgramOutput: Equatable, Sendable {
  /// How much of the output is kept, in bytes: 64 KiB.
  public static let limit = 64 << 10

  /// The output, up to ``limit``.
  public internal(set) var bytes: [UInt8] = []
  /// Whether there was more, which was discarded.
  public internal(set) var isCut = false
  /// How many processes the program had started and left running; they were killed.
  public internal(set) var processesLeft = 0

  mutating func append(_ more: ArraySlice<UInt8>) {
    let room = Self.limit - bytes.count
    bytes += more.prefix(room)
    if more.count > room { isCut = true }
  }
}

/// The pipe from which the output of a program is read.
struct OutputPipe: ~Copyable {
  private let near: FileDescriptor
  /// The end for the program, until ``give()``.
  let far: FileDescriptor
  private var isFarOpen = true
  private var isEnded = false
  private(set) var output = ProgramOutput()
  private var buffer = [UInt8](repeating: 0, count: 16 << 10)

  /// How much is read at most after the program has ended: a process that cannot be killed may go on
  /// writing.
  private static let mostAtTheEnd = 1 << 20

  init() throws(Errno) {
    let ends = try FileDescriptor.pipe(options: .closeOnExec)
    (near, far) = (ends.readEnd, ends.writeEnd)
    _ = fcntl(near.rawValue, F_SETFL, O_NONBLOCK)
  }

  /// Leaves the far end to the program alone, so that the near one notices when that is gone.
  mutating func give() {
    guard isFarOpen else { return }
    isFarOpen = false
    try? far.close()
  }

  /// The number to wait for, until there is something to read; -1 after the end.
  var waiting: Int32 { isEnded ? -1 : near.rawValue }

  /// Reads once.
  ///
  /// - Returns: whether there was anything.
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

  /// Reads what is there now.
  mutating func drain() {
    var left = Self.mostAtTheEnd
    while left > 0, !isEnded, read() { left -= buffer.count }
  }

  deinit {
    try? near.close()
    if isFarOpen { try? far.close() }
  }
}
