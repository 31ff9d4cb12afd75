internal import CLinuxProcess
internal import Connections
internal import Glibc
internal import SystemPackage

/// An open directory. All file calls to the C library go through this type.
///
/// Names are resolved relative to the descriptor. An open process directory in `/proc` belongs to
/// that process forever. After the process ends, every name below it gives ENOENT or ESRCH, even if
/// its pid is reused. So everything that is read through one directory belongs to one process.
struct Directory: ~Copyable, Sendable {
  private let descriptor: Int32

  /// Opens the directory at `path`.
  init(_ path: FilePath) throws(Errno) {
    descriptor = try retried {
      unsafe path.withPlatformString { unsafe open($0, Self.flags) }
    }
  }

  private init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  private static let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC

  /// Opens the directory `name` below this one.
  func subdirectory(_ name: String) throws(Errno) -> Directory {
    Directory(descriptor: try retried { unsafe openat(descriptor, name, Self.flags) })
  }

  /// Opens the directory `name` below this one. The name can have any bytes.
  func subdirectory(_ name: KernelName) throws(Errno) -> Directory {
    let characters = name.bytes.map { CChar(bitPattern: $0) } + [0]
    return Directory(descriptor: try retried { unsafe openat(descriptor, characters, Self.flags) })
  }

  /// The content of the file `name`.
  ///
  /// - Parameters:
  ///   - isOneRecord: whether the kernel writes everything at once (`single_open`). Then a read that
  ///     does not fill the buffer is the last one.
  ///   - limit: the maximum number of bytes to read.
  func bytes(
    of name: String, isOneRecord: Bool = false, upTo limit: Int = .max
  ) throws(Errno) -> [UInt8] {
    let file = try retried { unsafe openat(descriptor, name, O_RDONLY | O_CLOEXEC) }
    defer { close(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = try retried {
        unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      }
      guard count > 0 else { return content }
      content.append(contentsOf: chunk[..<min(count, limit - content.count)])
      if content.count == limit || isOneRecord && count < chunk.count { return content }
    }
  }

  /// The target of the symbolic link `name`, truncated at `PATH_MAX`.
  func target(of name: String) throws(Errno) -> [UInt8] {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
    var octets = target.mutableSpan
    let count = try retried { unsafe readLink(name, into: &octets) }
    target.removeLast(target.count - count)
    return target
  }

  /// The size of `name` (`st_size`).
  func size(of name: String) throws(Errno) -> Int {
    var status = stat()
    try retried { unsafe fstatat(descriptor, name, &status, 0) }
    return status.st_size
  }

  /// The size of this directory (`st_size`). For the kernel's `fd` directories, Linux 6.2 and later
  /// report the number of open descriptors, earlier kernels 0.
  func size() throws(Errno) -> Int {
    var status = stat()
    try retried { unsafe fstat(descriptor, &status) }
    return status.st_size
  }

  /// The ID of the mount that contains the directory (`mnt_id`), as in the first field of
  /// mountinfo; nil if the kernel does not report it.
  ///
  /// It works only if this directory is a `/proc` that shows the reader.
  func mountID() -> UInt64? {
    guard let info = try? bytes(of: "self/fdinfo/\(descriptor)") else { return nil }
    return StatusLine.numbers("mnt_id:", in: info).first
  }

  /// The number of hard links of `name` (`st_nlink`).
  func linkCount(of name: String) throws(Errno) -> Int {
    var status = stat()
    try retried { unsafe fstatat(descriptor, name, &status, 0) }
    return Int(status.st_nlink)
  }

  /// Whether the directory is in a real `/proc` (`PROC_SUPER_MAGIC`), not in a copy.
  var isInProcFileSystem: Bool {
    var status = statfs()
    return unsafe fstatfs(descriptor, &status) == 0 && status.f_type == PROC_SUPER_MAGIC
  }

  /// Calls `body` with each numeric name in the directory, in the kernel's order.
  ///
  /// A directory can be listed only once, because its descriptor holds the position.
  func forEachNumber(
    _ buffer: borrowing EntryBuffer, _ body: (Int32) -> Void
  ) throws(Errno) {
    try unsafe forEachNumberedEntry(buffer) { number, _ in
      body(number)
      return true
    }
  }

  /// Calls `body` with each descriptor of an `fd` directory and its link, until it returns false.
  /// It allocates no memory.
  func forEachLink(
    _ buffer: borrowing EntryBuffer, _ body: (Int32, DescriptorLink) -> Bool
  ) throws(Errno) {
    try unsafe forEachNumberedEntry(buffer) { number, name in
      body(number, unsafe link(name))
    }
  }

  /// The link of one descriptor of an `fd` directory.
  func link(of descriptor: Int32) -> DescriptorLink {
    unsafe "\(descriptor)".withCString { unsafe link($0) }
  }

  private func link(_ name: UnsafePointer<CChar>) -> DescriptorLink {
    var target = InlineArray<32, UInt8>(repeating: 0)
    var octets = target.mutableSpan
    let count = unsafe readLink(name, into: &octets)
    return count < 0
      ? DescriptorLink(failure: Errno(rawValue: errno))
      : DescriptorLink(target: target.span.extracting(first: count))
  }

  /// Calls `body` with the name and inode of each subdirectory, in the kernel's order.
  func forEachSubdirectory(
    _ buffer: borrowing EntryBuffer, _ body: (KernelName, UInt64) -> Void
  ) throws(Errno) {
    try unsafe forEachEntry(buffer) { entry, name in
      guard unsafe entry[18] == UInt8(DT_DIR) else { return true }
      let octets = unsafe name.prefix { $0 != 0 }
      guard unsafe !octets.elementsEqual(".".utf8), unsafe !octets.elementsEqual("..".utf8) else {
        return true
      }
      body(
        unsafe KernelName(bytes: octets),
        unsafe entry.loadUnaligned(as: UInt64.self))
      return true
    }
  }

  /// Calls `body` with each name in the directory, in the kernel's order.
  func forEachName(
    _ buffer: borrowing EntryBuffer, _ body: (KernelName) -> Void
  ) throws(Errno) {
    try unsafe forEachEntry(buffer) { _, name in
      let name = unsafe KernelName(bytes: name.prefix { $0 != 0 })
      if name != ".", name != ".." { body(name) }
      return true
    }
  }

  /// The inode of the network namespace that the link `name` refers to.
  ///
  /// - Throws: `invalidArgument` if the link does not refer to one.
  func networkNamespace(_ name: String) throws(Errno) -> UInt64 {
    var target = InlineArray<32, UInt8>(repeating: 0)
    var octets = target.mutableSpan
    let count = try retried { unsafe readLink(name, into: &octets) }
    guard let inode = NamespaceLink.inode(target.span.extracting(first: count)) else {
      throw .invalidArgument
    }
    return inode
  }

  /// Calls `body` with each descriptor of an `fd` directory that is open on a network namespace,
  /// and the inode of that namespace.
  ///
  /// - Throws: also if the kernel refuses to read the links.
  func forEachNetworkNamespace(
    _ buffer: borrowing EntryBuffer, _ body: (Int32, UInt64) -> Void
  ) throws(Errno) {
    var refusal: Errno?
    try unsafe forEachNumberedEntry(buffer) { number, name in
      var target = InlineArray<32, UInt8>(repeating: 0)
      var octets = target.mutableSpan
      let count = unsafe readLink(name, into: &octets)
      guard count >= 0 else {
        let failure = Errno(rawValue: errno)
        if failure == .permissionDenied || failure == .notPermitted { refusal = failure }
        return refusal == nil
      }
      if let inode = NamespaceLink.inode(target.span.extracting(first: count)) {
        body(number, inode)
      }
      return true
    }
    if let refusal { throw refusal }
  }

  /// The inode number of the directory itself.
  func inode() throws(Errno) -> UInt64 {
    var status = stat()
    try retried { unsafe fstat(descriptor, &status) }
    return UInt64(status.st_ino)
  }

  /// Copies as much of the link target as fits into `octets`, and returns the length; see
  /// readlinkat(2).
  private func readLink(
    _ name: UnsafePointer<CChar>, into octets: inout MutableSpan<UInt8>
  ) -> Int {
    unsafe octets.withUnsafeMutableBytes {
      let characters = unsafe $0.assumingMemoryBound(to: CChar.self)
      guard let start = characters.baseAddress else { return 0 }
      return unsafe readlinkat(descriptor, name, start, characters.count)
    }
  }

  /// Calls `body` with each numeric name, until it returns false.
  private func forEachNumberedEntry(
    _ buffer: borrowing EntryBuffer, _ body: (Int32, UnsafePointer<CChar>) -> Bool
  ) throws(Errno) {
    try unsafe forEachEntry(buffer) { _, name in
      guard let number = unsafe name.span.decimalName, let start = name.baseAddress else {
        return true
      }
      return unsafe body(number, UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
    }
  }

  /// Calls `body` with each entry and its NUL-terminated name, until it returns false.
  ///
  /// In an entry of getdents(2), the inode is at offset 0, the length at 16, the type at 18 and the
  /// name at 19.
  private func forEachEntry(
    _ buffer: borrowing EntryBuffer,
    _ body: (UnsafeRawBufferPointer, UnsafeBufferPointer<UInt8>) -> Bool
  ) throws(Errno) {
    while true {
      let end = try retried {
        unsafe read_directory(descriptor, buffer.bytes.baseAddress, buffer.bytes.count)
      }
      guard end > 0 else { return }
      var offset = 0
      while offset < end {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer.bytes[offset..<end])
        let length = unsafe Int(rest.loadUnaligned(fromByteOffset: 16, as: UInt16.self))
        guard length > 19, length <= rest.count else { throw .ioError }
        let entry = unsafe UnsafeRawBufferPointer(rebasing: rest[..<length])
        let name = unsafe UnsafeRawBufferPointer(rebasing: entry[19...])
          .assumingMemoryBound(to: UInt8.self)
        guard unsafe body(entry, name) else { return }
        offset += length
      }
    }
  }
}

/// The buffer for directory entries: 32 KiB, the most that one call returns for `/proc`.
@safe struct EntryBuffer: ~Copyable {
  fileprivate let bytes: UnsafeMutableRawBufferPointer

  init() {
    unsafe bytes = .allocate(byteCount: 32 << 10, alignment: 16)
  }

  deinit { unsafe bytes.deallocate() }
}

/// Retries a system call that a signal interrupts. A negative result means an error in `errno`.
@discardableResult
private func retried<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
  while true {
    let result = call()
    guard result < 0 else { return result }
    let failure = Errno(rawValue: errno)
    guard failure == .interrupted else { throw failure }
  }
}
