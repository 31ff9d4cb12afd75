internal import Glibc
internal import SystemPackage

/// An open descriptor with a single owner. Only this file of the module calls open and flock.
struct OpenFile: ~Copyable {
  /// `O_PATH` from the kernel's asm-generic/fcntl.h: refers to a file without opening it.
  static let pathOnly: CInt = 0o10_000_000

  /// `O_TMPFILE` from the same header: creates a file without a name in a directory.
  static let unnamed: CInt = 0o20_000_000 | O_DIRECTORY

  let descriptor: FileDescriptor

  /// Opens `path`, relative to the directory `start` (openat(2)), with `O_CLOEXEC`.
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

  /// Opens for reading the regular file that `found` refers to. `found` was opened with
  /// ``pathOnly``.
  ///
  /// The type must be known before opening. Opening a FIFO wakes a writer that waits for a reader.
  /// Opening some devices starts something (a watchdog) or stops it (a tape).
  ///
  /// - Parameter path: the name of the file, relative to `start`.
  static func reading(
    _ found: borrowing OpenFile, at path: FilePath, from start: FileDescriptor? = nil
  ) throws(Errno) -> OpenFile {
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
    do {
      return try OpenFile(FilePath(found.magicLink), flags: flags)
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
    }
    // There is no /proc. The name may refer to another file by now.
    let file = try OpenFile(path, from: start, flags: flags)
    let (opened, checked) = (try file.facts(), try found.facts())
    guard opened.inode == checked.inode, opened.deviceID == checked.deviceID else {
      throw .staleNFSFileHandle
    }
    return file
  }

  /// Duplicates the descriptor `number` to one not below `minimum` (`F_DUPFD_CLOEXEC`). The
  /// original stays open.
  init(duplicating number: CInt, from minimum: CInt = 3) throws(Errno) {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, minimum)
    guard copy >= 0 else { throw Errno(rawValue: errno) }
    descriptor = FileDescriptor(rawValue: copy)
  }

  /// The magic link to the open file, independent of its name (proc(5)).
  var magicLink: String { "/proc/self/fd/\(descriptor.rawValue)" }

  /// The result of fstat(2).
  borrowing func facts() throws(Errno) -> Stat { try descriptor.stat() }

  /// The target of a symbolic link that was opened with ``pathOnly`` (readlinkat(2)).
  borrowing func linkTarget() throws(Errno) -> FilePath {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = unsafe readlinkat(descriptor.rawValue, "", &buffer, buffer.count - 1)
    guard count >= 0 else { throw Errno(rawValue: errno) }
    return FilePath(platformString: buffer)
  }

  private static func open(
    _ text: UnsafePointer<CChar>, from start: CInt, flags: CInt, mode: mode_t
  ) -> CInt {
    unsafe openat(start, text, flags, mode)
  }

  /// Takes an exclusive lock on the open file without waiting (flock(2)).
  ///
  /// - Returns: whether the lock was free.
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

  /// Reads at most `limit` bytes.
  borrowing func read(atMost limit: Int) throws(Errno) -> [UInt8] {
    var bytes: [UInt8] = []
    // In parts, so that memory use depends on the actual size, not on the limit.
    while bytes.count < limit,
      try append(atMost: min(limit - bytes.count, Self.partSize), to: &bytes)
    {}
    return bytes
  }

  /// The size of one read.
  private static let partSize = 64 * 1024

  /// Appends the result of one read(2), at most `limit` bytes; false at the end.
  ///
  /// It waits for data even if the descriptor is non-blocking.
  borrowing func append(atMost limit: Int, to bytes: inout [UInt8]) throws(Errno) -> Bool {
    let old = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: limit))
    while true {
      let (count, code) = unsafe bytes.withUnsafeMutableBytes { buffer in
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[old...])
        let count = unsafe Glibc.read(descriptor.rawValue, part.baseAddress, part.count)
        return (count, errno)
      }
      if count >= 0 {
        bytes.removeSubrange((old + count)...)
        return count > 0
      }
      switch code {
      case EINTR: continue
      case EAGAIN:
        var input = pollfd(fd: descriptor.rawValue, events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&input, 1, -1)
      default:
        bytes.removeSubrange(old...)
        throw Errno(rawValue: code)
      }
    }
  }

  deinit {
    // Nothing was written, so a failure to close loses nothing.
    try? descriptor.close()
  }
}
