internal import CLinuxProcess
internal import Connections
internal import Glibc
internal import SystemPackage

/// An open folder, and the door to the file calls of the C library.
///
/// Names are looked up from the descriptor. In `/proc` the open folder of a process stays that
/// process's for ever: once it is gone every name below gives ENOENT or ESRCH, even when its pid
/// has been given to another. So whatever is read through one folder is of one process.
struct Folder: ~Copyable, Sendable {
  private let descriptor: Int32

  /// Opens the folder at `path`.
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

  /// Opens the folder `name` below this one.
  func folder(_ name: String) throws(Errno) -> Folder {
    Folder(descriptor: try retried { unsafe openat(descriptor, name, Self.flags) })
  }

  /// Opens the folder `name` below this one, whose name can have any bytes.
  func folder(_ name: KernelName) throws(Errno) -> Folder {
    let characters = name.bytes.map { CChar(bitPattern: $0) } + [0]
    return Folder(descriptor: try retried { unsafe openat(descriptor, characters, Self.flags) })
  }

  /// The whole content of the file `name`.
  ///
  /// - Parameter isOneRecord: whether the kernel writes all of it at once (`single_open`), so that
  ///   a read which does not fill the buffer is the last one.
  func bytes(of name: String, isOneRecord: Bool = false) throws(Errno) -> [UInt8] {
    let file = try retried { unsafe openat(descriptor, name, O_RDONLY | O_CLOEXEC) }
    defer { close(file) }
    var content: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = try retried {
        unsafe chunk.withUnsafeMutableBytes { unsafe read(file, $0.baseAddress, $0.count) }
      }
      guard count > 0 else { return content }
      content.append(contentsOf: chunk[..<count])
      if isOneRecord, count < chunk.count { return content }
    }
  }

  /// Where the symbolic link `name` points, cut at `PATH_MAX`.
  func target(of name: String) throws(Errno) -> [UInt8] {
    var target = [UInt8](repeating: 0, count: Int(PATH_MAX))
    var octets = target.mutableSpan
    let count = try retried { unsafe readLink(name, into: &octets) }
    target.removeLast(target.count - count)
    return target
  }

  /// The size that the file system gives for `name` (`st_size`).
  func size(of name: String) throws(Errno) -> Int {
    var status = stat()
    try retried { unsafe fstatat(descriptor, name, &status, 0) }
    return status.st_size
  }

  /// The size that the file system gives for this folder: of an `fd` folder of the kernel, how many
  /// descriptors are open (Linux 6.2 and later; before that 0).
  func size() throws(Errno) -> Int {
    var status = stat()
    try retried { unsafe fstat(descriptor, &status) }
    return status.st_size
  }

  /// The id of the mount that the folder is in (`mnt_id`), as the first field of mountinfo has it;
  /// only if this folder is a `/proc` that shows the reader. Nil if the kernel does not say.
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

  /// Whether the folder is in a `/proc` of the kernel, not in a copy of one (`PROC_SUPER_MAGIC`).
  var isInProcFileSystem: Bool {
    var status = statfs()
    return unsafe fstatfs(descriptor, &status) == 0 && status.f_type == PROC_SUPER_MAGIC
  }

  /// Calls `body` with each name in the folder that is a number, in the order of the kernel.
  ///
  /// A folder can be walked once: its descriptor holds the position.
  func forEachNumber(
    _ buffer: borrowing EntryBuffer, _ body: (Int32) -> Void
  ) throws(Errno) {
    try unsafe forEachNumberedEntry(buffer) { number, _ in
      body(number)
      return true
    }
  }

  /// Where in an `fd` folder of the kernel the entries start that are not before descriptor 0: behind
  /// `.` and `..` (`proc_readfd_common` in fs/proc/fd.c).
  private static let positionOfFirstDescriptor = 2

  /// Whether an `fd` folder below this root can be read from any descriptor on.
  ///
  /// It is tried, with the reader's own folder and the descriptor of this one.
  func canStartAtDescriptors(_ buffer: borrowing EntryBuffer) -> Bool {
    guard isInProcFileSystem, let own = try? folder("self").folder("fd"),
      (try? own.start(at: descriptor)) != nil
    else { return false }
    var first: Int32?
    try? unsafe own.forEachNumberedEntry(buffer) { number, _ in
      first = number
      return false
    }
    return first == descriptor
  }

  /// Lets the entries of an `fd` folder of the kernel begin at `descriptor`, or at the next one.
  private func start(at descriptor: Int32) throws(Errno) {
    try retried {
      lseek(self.descriptor, Self.positionOfFirstDescriptor + Int(descriptor), SEEK_SET)
    }
  }

  /// Calls `body` with each descriptor of an `fd` folder and what its link says, until it
  /// returns false. No memory is taken for it.
  ///
  /// - Parameter canStartAtDescriptors: what ``canStartAtDescriptors(_:)`` says. Then the names up to
  ///   the first gap are counted instead of read, which spares the kernel a sixth of the work:
  ///   programs get the lowest number that is free.
  func forEachLink(
    _ buffer: borrowing EntryBuffer, canStartAtDescriptors: Bool,
    _ body: (Int32, DescriptorLink) -> Bool
  ) throws(Errno) {
    if canStartAtDescriptors {
      guard let gap = forEachLinkBeforeTheFirstGap(body) else { return }
      try start(at: gap)
    }
    try unsafe forEachNumberedEntry(buffer) { number, name in
      body(number, unsafe link(name))
    }
  }

  /// What the link of one descriptor of an `fd` directory says.
  func link(of descriptor: Int32) -> DescriptorLink {
    let name = CountedName(descriptor)
    return unsafe name.withCharacters { unsafe link($0) }
  }

  /// Calls `body` with each descriptor from 0 on, until there is none of that number.
  ///
  /// - Returns: the number; nil when `body` has returned false.
  private func forEachLinkBeforeTheFirstGap(_ body: (Int32, DescriptorLink) -> Bool) -> Int32? {
    var name = CountedName()
    while true {
      let link: DescriptorLink = unsafe name.withCharacters { unsafe self.link($0) }
      if case .gone = link { return name.number }
      guard body(name.number, link) else { return nil }
      name.increment()
    }
  }

  private func link(_ name: UnsafePointer<CChar>) -> DescriptorLink {
    var target = InlineArray<32, UInt8>(repeating: 0)
    var octets = target.mutableSpan
    let count = unsafe readLink(name, into: &octets)
    return count < 0
      ? DescriptorLink(failure: Errno(rawValue: errno))
      : DescriptorLink(target: target.span.extracting(first: count))
  }

  /// Calls `body` with the name and the inode of each folder in this one, in the order of the
  /// kernel.
  func forEachFolder(
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

  /// Calls `body` with the bytes of each name in the folder, in the order of the kernel.
  func forEachName(
    _ buffer: borrowing EntryBuffer, _ body: (KernelName) -> Void
  ) throws(Errno) {
    try unsafe forEachEntry(buffer) { _, name in
      let name = unsafe KernelName(bytes: name.prefix { $0 != 0 })
      if name != ".", name != ".." { body(name) }
      return true
    }
  }

  /// The inode of the network namespace that the link `name` names.
  ///
  /// - Throws: `invalidArgument` when it names none.
  func networkNamespace(_ name: String) throws(Errno) -> UInt64 {
    var target = InlineArray<32, UInt8>(repeating: 0)
    var octets = target.mutableSpan
    let count = try retried { unsafe readLink(name, into: &octets) }
    guard let inode = NamespaceLink.inode(target.span.extracting(first: count)) else {
      throw .invalidArgument
    }
    return inode
  }

  /// Calls `body` with each descriptor of an `fd` folder that is open on a network namespace, and the
  /// inode of that.
  ///
  /// - Throws: also when the links cannot be read.
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

  /// The inode number of the folder itself.
  func inode() throws(Errno) -> UInt64 {
    var status = stat()
    try retried { unsafe fstat(descriptor, &status) }
    return UInt64(status.st_ino)
  }

  /// Puts as much of the target as fits into `octets`, and returns how much; see readlinkat(2).
  private func readLink(
    _ name: UnsafePointer<CChar>, into octets: inout MutableSpan<UInt8>
  ) -> Int {
    unsafe octets.withUnsafeMutableBytes {
      let characters = unsafe $0.assumingMemoryBound(to: CChar.self)
      guard let start = characters.baseAddress else { return 0 }
      return unsafe readlinkat(descriptor, name, start, characters.count)
    }
  }

  /// Calls `body` with each name that is a number, until it returns false.
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

  /// Calls `body` with each entry and its name, which ends in a zero, until it returns false.
  ///
  /// See getdents(2): an entry is its inode at 0, its length at 16, its type at 18 and its name at
  /// 19.
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

/// Where the kernel puts the names of a folder: 32 KiB, the most that one call fills of `/proc`.
@safe struct EntryBuffer: ~Copyable {
  fileprivate let bytes: UnsafeMutableRawBufferPointer

  init() {
    unsafe bytes = .allocate(byteCount: 32 << 10, alignment: 16)
  }

  deinit { unsafe bytes.deallocate() }
}

/// Makes a system call again while a signal interrupts it; a negative result is the error.
@discardableResult
private func retried<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
  while true {
    let result = call()
    guard result < 0 else { return result }
    let failure = Errno(rawValue: errno)
    guard failure == .interrupted else { throw failure }
  }
}
