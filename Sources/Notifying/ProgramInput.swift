internal import Glibc
internal import SystemPackage

/// The standard input of a program: a socket, since unlike a pipe it can be written to without a
/// signal when nobody reads any more.
struct ProgramInput: ~Copyable {
  private let near: FileDescriptor
  /// The end for the program, until ``give()``.
  let far: FileDescriptor
  private var isFarOpen = true
  private var rest: ArraySlice<UInt8>
  private var isEnded = false

  /// The input that consists of `bytes`.
  init(_ bytes: [UInt8]) throws(Errno) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
    near = FileDescriptor(rawValue: ends[0])
    far = FileDescriptor(rawValue: ends[1])
    rest = bytes[...]
  }

  /// Leaves the far end to the program alone, so that the near one notices when that is gone.
  mutating func give() {
    guard isFarOpen else { return }
    isFarOpen = false
    try? far.close()
  }

  /// The number to wait for, until it can take more; -1 when nothing is left to write.
  var waiting: Int32 { isEnded ? -1 : near.rawValue }

  /// Writes as much as fits now, and ends the input behind the last byte. That a program does not
  /// want all of it is its own affair.
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
    // Nothing depends on what was written, so that a failure to close loses nothing.
    try? near.close()
    if isFarOpen { try? far.close() }
  }
}
