internal import Glibc
internal import SystemPackage

/// Two connected sockets: what is written to the near one is read from the far one.
///
/// Unlike a pipe, a socket can be written to without a signal when nobody reads any more.
struct SocketPair: ~Copyable {
  private let near: FileDescriptor
  /// The end for the reader.
  let far: FileDescriptor

  init() throws(Errno) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Errno(rawValue: errno) }
    near = FileDescriptor(rawValue: ends[0])
    far = FileDescriptor(rawValue: ends[1])
  }

  /// Writes `bytes` as far as they are read before `deadline`, and ends them there. That a reader
  /// does not want all of them is its own affair.
  consuming func write(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) {
    // Nobody but the reader may hold its end, or the near one never learns that it is gone.
    try? far.close()
    Self.write(bytes, to: near, until: deadline)
    try? near.close()
    discard self
  }

  private static func write(
    _ bytes: [UInt8], to near: FileDescriptor, until deadline: ContinuousClock.Instant
  ) {
    var rest = bytes[...]
    let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
    while !rest.isEmpty {
      let (count, code) = unsafe rest.withUnsafeBytes { buffer in
        let count = unsafe send(near.rawValue, buffer.baseAddress, buffer.count, flags)
        return (count, errno)
      }
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      guard code == EAGAIN || code == EINTR, ContinuousClock.now < deadline else { return }
      var waiting = pollfd(fd: near.rawValue, events: Int16(POLLOUT), revents: 0)
      _ = unsafe poll(&waiting, 1, 20)
    }
  }

  deinit {
    // Nothing was written, so that a failure to close loses nothing.
    try? near.close()
    try? far.close()
  }
}
