internal import Glibc
internal import SystemPackage

/// The standard input of a program. It is a socket because, unlike a pipe, writing to a closed
/// socket need not raise a signal.
struct ProgramInput: ~Copyable {
  private let near: FileDescriptor
  /// The program's end, until ``closeFarEnd()``.
  let far: FileDescriptor
  private var isFarOpen = true
  private var rest: ArraySlice<UInt8>
  private var isEnded = false

  /// Prepares `bytes` as input.
  init(_ bytes: [UInt8]) throws(Errno) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
    near = FileDescriptor(rawValue: ends[0])
    far = FileDescriptor(rawValue: ends[1])
    rest = bytes[...]
  }

  /// Closes this process's copy of the far end, so that the near end notices when the program
  /// closes its own.
  mutating func closeFarEnd() {
    guard isFarOpen else { return }
    isFarOpen = false
    try? far.close()
  }

  /// The descriptor to poll for writing; -1 if nothing is left to write.
  var pollDescriptor: Int32 { isEnded ? -1 : near.rawValue }

  /// Writes as much as fits now, and shuts down the socket after the last byte. It is no error if
  /// the program does not read everything.
  mutating func write() {
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    while !rest.isEmpty {
      let (count, code) = unsafe rest.withUnsafeBytes { buffer in
        let count = unsafe send(near.rawValue, buffer.baseAddress, buffer.count, flags)
        return (count, errno)
      }
      if count > 0 {
        rest = rest.dropFirst(count)
      } else if code == EAGAIN {
        return
      } else if code != EINTR {
        break
      }
    }
    isEnded = true
    shutdown(near.rawValue, Int32(SHUT_WR))
  }

  deinit {
    // Nothing depends on what was written, so a failure to close loses nothing.
    try? near.close()
    if isFarOpen { try? far.close() }
  }
}
