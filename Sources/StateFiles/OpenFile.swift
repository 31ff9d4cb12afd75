internal import Glibc
internal import SystemPackage

/// An open descriptor and its only owner; the one place of this module that calls open and flock.
struct OpenFile: ~Copyable {
  /// `O_PATH` of the kernel's asm-generic/fcntl.h: names the file without opening it for anything.
  static let pathOnly: CInt = 0o10_000_000

  /// `O_TMPFILE` of the same header: makes a file without a name in a directory.
  static let unnamed: CInt = 0o20_000_000 | O_DIRECTORY

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

  /// Opens for reading the regular file that `found`, opened with ``pathOnly``, stands for.
  ///
  /// Its type is known before it is opened: opening a FIFO wakes who waits for a reader, and opening
  /// some devices starts something (a watchdog) or ends it (a tape).
  ///
  /// - Parameter path: its name, relative to `start`.
  static func reading(
    _ found: borrowing OpenFile, at path: FilePath, from start: FileDescriptor? = nil
  ) throws(Errno) -> OpenFile {
    let flags = O_RDONLY | O_NONBLOCK | O_NOCTTY
    do {
      return try OpenFile(FilePath(found.magicLink), flags: flags)
    } catch {
      guard error == .noSuchFileOrDirectory else { throw error }
    }
    // There is no /proc. By its name, it may be another file by now.
    let file = try OpenFile(path, from: start, flags: flags)
    let (one, other) = (try file.facts(), try found.facts())
    guard one.inode == other.inode, one.deviceID == other.deviceID else {
      throw .staleNFSFileHandle
    }
    return file
  }

  /// The same open file as descriptor `number`, which stays open, under a number not below `minimum`
  /// (`F_DUPFD_CLOEXEC`).
  init(duplicating number: CInt, from minimum: CInt = 3) throws(Errno) {
    let copy = fcntl(number, F_DUPFD_CLOEXEC, minimum)
    guard copy >= 0 else { throw Errno(rawValue: errno) }
    descriptor = FileDescriptor(rawValue: copy)
  }

  /// The link that leads to the open file, by whatever name (proc(5)).
  var magicLink: String { "/proc/self/fd/\(descriptor.rawValue)" }

  /// What the system says of it.
  borrowing func facts() throws(Errno) -> Stat { try descriptor.stat() }

  /// What the symbolic link says that was opened with ``pathOnly`` (readlinkat(2)).
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
    var bytes: [UInt8] = []
    // In parts: the memory is that of what is there, not of what would be allowed.
    while bytes.count < limit,
      try append(atMost: min(limit - bytes.count, Self.partSize), to: &bytes)
    {}
    return bytes
  }

  /// How much is read at once.
  private static let partSize = 64 * 1024

  /// Appends what one read(2) gives, at most `limit` bytes; false at the end.
  ///
  /// A pipe that somebody has made non-blocking is waited for.
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
    // Nothing was written, so that a failure to close loses nothing.
    try? descriptor.close()
  }
}
