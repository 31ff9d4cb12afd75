internal import Glibc
internal import SystemPackage

/// Opens the file at a path step by step from the root, and checks each step on its open
/// descriptor.
///
/// Anyone who can write in a directory of the path controls the file at its end, however well the
/// file is protected. So each directory, each symbolic link and the file itself must belong to root
/// or to the user of this process. Nobody else may write them. A directory with the sticky bit,
/// such as `/tmp`, may contain a trusted directory, because others cannot replace it there
/// (unlink(2)). It may not contain the file.
struct TrustedPath: ~Copyable {
  /// The file, opened with `O_PATH`.
  let file: OpenFile
  /// The directory that holds it.
  private let directory: OpenFile
  private let name: FilePath

  /// The maximum number of symbolic links to follow, as in the kernel (`MAXSYMLINKS`).
  private static let maximumLinks = 40

  /// Opens `path`, which must be absolute and lead to a regular file.
  ///
  /// - Parameter user: the user to trust besides root.
  static func open(
    _ path: FilePath, user: UInt32
  ) throws(TrustedProgramProblem) -> TrustedPath {
    guard path.isAbsolute else { throw .cannotOpen(path, .invalidArgument) }
    var walk = try Walk(user: user)
    var pending = Array(path.components.reversed())
    var links = 0
    while let component = pending.popLast() {
      let name = FilePath(root: nil, [component])
      // All links in the path so far are resolved, so `..` is simply its parent.
      let isUp = component.kind == .parentDirectory
      let shown = isUp ? walk.shown.removingLastComponent() : walk.shown.appending(component)
      let entry = try Self.open(name, from: walk.directory.descriptor, shown: shown)
      let facts = try Self.facts(of: entry, at: shown)
      guard facts.owner == 0 || facts.owner == user else {
        throw .untrustedOwner(shown, owner: facts.owner, user: user)
      }
      switch facts.type {
      case .directory: try walk.enter(entry, facts, shown)
      case .symbolicLink:
        try walk.requireUnwritable()
        links += 1
        guard links <= Self.maximumLinks else {
          throw .cannotOpen(path, .tooManySymbolicLinkLevels)
        }
        let target = try Self.target(of: entry, at: shown)
        pending += target.components.reversed()
        if target.isAbsolute { walk = try Walk(user: user) }
      case .regular where pending.isEmpty:
        try walk.requireUnwritable()
        guard !facts.isWritableByOthers else {
          throw .writableByOthers(shown, facts.permissions)
        }
        return TrustedPath(file: entry, directory: walk.takeDirectory(), name: name)
      default: throw pending.isEmpty ? .notRegular(path) : .cannotOpen(path, .notDirectory)
      }
    }
    throw .notRegular(path)
  }

  /// The first bytes of the file; nil if this user may run it but not read it.
  borrowing func start(_ count: Int, at path: FilePath) throws(TrustedProgramProblem) -> [UInt8]? {
    do {
      return try openToRead().read(atMost: count)
    } catch .permissionDenied {
      return nil
    } catch {
      throw .cannotOpen(path, error)
    }
  }

  /// Opens the same file for reading.
  borrowing func openToRead() throws(Errno) -> OpenFile {
    let opened = try OpenFile(
      name, from: directory.descriptor, flags: O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
    let (checked, current) = (try file.descriptor.stat(), try opened.descriptor.stat())
    // Root may have replaced it meanwhile, but only the checked file counts.
    guard checked.inode == current.inode, checked.deviceID == current.deviceID else {
      throw .resourceTemporarilyUnavailable
    }
    return opened
  }

  /// The current directory of a walk along the path.
  private struct Walk: ~Copyable {
    private(set) var directory: OpenFile
    private(set) var shown: FilePath = "/"
    private var facts: AccessFacts

    init(user: UInt32) throws(TrustedProgramProblem) {
      let root = try TrustedPath.open("/", from: nil, shown: "/")
      let facts = try TrustedPath.facts(of: root, at: "/")
      guard facts.owner == 0 || facts.owner == user else {
        throw .untrustedOwner("/", owner: facts.owner, user: user)
      }
      guard !facts.isWritableByOthers else { throw .writableByOthers("/", facts.permissions) }
      directory = root
      self.facts = facts
    }

    mutating func enter(
      _ next: consuming OpenFile, _ facts: AccessFacts, _ path: FilePath
    ) throws(TrustedProgramProblem) {
      let isShared = facts.owner == 0 && facts.permissions.contains(.saveText)
      guard !facts.isWritableByOthers || isShared else {
        throw .writableByOthers(path, facts.permissions)
      }
      directory = next
      self.facts = facts
      shown = path
    }

    /// Throws if anyone else can create files in the directory.
    func requireUnwritable() throws(TrustedProgramProblem) {
      guard !facts.isWritableByOthers else { throw .writableByOthers(shown, facts.permissions) }
    }

    consuming func takeDirectory() -> OpenFile { directory }
  }

  private static func open(
    _ name: FilePath, from directory: FileDescriptor?, shown: FilePath
  ) throws(TrustedProgramProblem) -> OpenFile {
    do {
      return try OpenFile(name, from: directory, flags: OpenFile.pathOnly | O_NOFOLLOW)
    } catch {
      throw .cannotOpen(shown, error)
    }
  }

  private static func facts(
    of file: borrowing OpenFile, at path: FilePath
  ) throws(TrustedProgramProblem) -> AccessFacts {
    do { return try AccessFacts(of: file) } catch { throw .cannotOpen(path, error) }
  }

  /// The target of an open symbolic link.
  private static func target(
    of link: borrowing OpenFile, at path: FilePath
  ) throws(TrustedProgramProblem) -> FilePath {
    var bytes = [CChar](repeating: 0, count: Int(PATH_MAX))
    let descriptor = link.descriptor.rawValue
    let (count, code) = unsafe bytes.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return (-1, ENOMEM) }
      let count = unsafe readlinkat(descriptor, "", start, buffer.count - 1)
      return (count, errno)
    }
    guard count > 0 else {
      throw .cannotOpen(path, count == 0 ? .noSuchFileOrDirectory : Errno(rawValue: code))
    }
    return unsafe bytes.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return FilePath() }
      return unsafe FilePath(platformString: start)
    }
  }
}
