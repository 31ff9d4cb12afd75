internal import Glibc
internal import SystemPackage

/// An open descriptor and its only owner; the one place of this module that calls open and flock.
struct OpenFile: ~Copyable {
  /// `O_PATH` of the kernel's asm-generic/fcntl.h: names the file without opening it for anything.
  static let pathOnly: CInt = 0o10_000_000

  let descriptor: FileDescriptor

  /// Opens `path`, from the folder `start` when it is relative (openat(2)); never for a child.
  init(
    _ path: FilePath, from start: FileDescriptor? = nil, flags: CInt, mode: mode_t = 0
  ) throws(Errno) {
    let start = start?.rawValue ?? AT_FDCWD
    while true {
      let (number, code) = unsafe path.withPlatformString { text in
        let number = unsafe Self.open(text, from: start, flags: flags | O_CLOEXEC, mode: mode)
        return (number, errno)
      }
      if number >= 0 {
        descriptor = FileDescriptor(rawValue: number)
        return
      }
      guard code == EINTR else { throw Errno(rawValue: code) }
    }
  }

  /// Opens one more descriptor of the file, with a number not below `number` (`F_DUPFD_CLOEXEC`).
  init(duplicating file: borrowing OpenFile, from number: CInt) throws(Errno) {
    let copy = fcntl(file.descriptor.rawValue, F_DUPFD_CLOEXEC, number)
    guard copy >= 0 else { throw Errno(rawValue: errno) }
    descriptor = FileDescriptor(rawValue: copy)
  }

  private static func open(
    _ text: UnsafePointer<CChar>, from start: CInt, flags: CInt, mode: mode_t
  ) -> CInt {
    unsafe openat(start, text, flags, mode)
  }

  /// Takes the lock of the open file for this process alone, without waiting (flock(2)).
  ///
  /// - Returns: whether it was free.
  borrowing func lockIfFree() throws(Errno) -> Bool {
    while flock(descriptor.rawValue, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EINTR: continue
      case EWOULDBLOCK: return false
      case let code: throw Errno(rawValue: code)
      }
    }
    return true
  }

  /// Reads what is there, and no more than `limit` bytes of it.
  borrowing func read(atMost limit: Int) throws(Errno) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: limit)
    var count = 0
    do {
      while count < limit {
        let more = try unsafe bytes.withUnsafeMutableBytes { buffer in
          try unsafe descriptor.read(
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
        }
        guard more > 0 else { break }
        count += more
      }
    } catch let errno as Errno {
      throw errno
    } catch {
      throw Errno.ioError
    }
    bytes.removeSubrange(count...)
    return bytes
  }

  deinit {
    // Nothing was written, so that a failure to close loses nothing.
    try? descriptor.close()
  }
}
