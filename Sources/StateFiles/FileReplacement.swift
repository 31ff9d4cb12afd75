internal import Glibc
internal import SystemPackage

/// Replaces or creates a regular file in a directory that stays open.
struct FileReplacement: ~Copyable {
  private let path: FilePath
  private let name: FilePath
  private let directory: OpenFile
  /// The existing file; nil if there is none.
  private let old: Stat?

  /// Checks the file at `path`, and opens its directory.
  ///
  /// - Throws: ``FileProblem`` for anything but a regular file, and for a file that another user
  ///   may have put there.
  init(of path: FilePath) throws(FileProblem) {
    guard let last = path.lastComponent else { throw .notRegular(path, .directory) }
    let name = FilePath(root: nil, [last])
    let directory = try Self.directory(of: path)
    let old = try Self.facts(of: name, in: directory, at: path)
    if let old {
      guard old.type == .regular else { throw .notRegular(path, old.type) }
      guard try !Self.isPlanted(old, in: directory, at: path) else {
        throw .plantedByOtherUser(path, owner: old.userID.rawValue)
      }
    }
    self.path = path
    self.name = name
    self.directory = directory
    self.old = old
  }

  private static func directory(of path: FilePath) throws(FileProblem) -> OpenFile {
    let parent = path.removingLastComponent()
    let shown: FilePath = parent.isEmpty ? "." : parent
    do {
      return try OpenFile(shown, flags: OpenFile.pathOnly | O_DIRECTORY)
    } catch {
      throw .cannotOpenDirectory(shown, of: path, error)
    }
  }

  private static func facts(
    of name: FilePath, in directory: borrowing OpenFile, at path: FilePath
  ) throws(FileProblem) -> Stat? {
    do {
      return try OpenFile(
        name, from: directory.descriptor, flags: OpenFile.pathOnly | O_NOFOLLOW
      ).facts()
    } catch .noSuchFileOrDirectory {
      return nil
    } catch {
      throw .cannotOpen(path, error)
    }
  }

  /// Whether `file` belongs to another user, in a directory where everyone can create files but not
  /// remove those of others. The kernel refuses to open such a file, too (`fs.protected_regular`,
  /// proc(5)).
  private static func isPlanted(
    _ file: Stat, in directory: borrowing OpenFile, at path: FilePath
  ) throws(FileProblem) -> Bool {
    guard file.userID.rawValue != geteuid() else { return false }
    do throws(Errno) {
      let facts = try directory.facts()
      return facts.permissions.isSuperset(of: [.saveText, .otherWrite])
        && file.userID != facts.userID
    } catch {
      throw .cannotOpen(path, error)
    }
  }

  /// Replaces the file with one that contains `bytes`.
  borrowing func replace(
    with bytes: [UInt8], permissions: FilePermissions, keepsOwner: Bool
  ) throws(FileProblem) {
    TemporaryFile.removeStale(in: directory.descriptor)
    let kept = keepsOwner ? old : nil
    var file = try writing { () throws(Errno) in
      try TemporaryFile.make(in: directory.descriptor, bytes)
    }
    try writing { () throws(Errno) in
      try file.setPermissions(kept?.permissions.intersection(Self.access) ?? permissions)
    }
    if let kept {
      do {
        try file.setOwner(kept.userID.rawValue, group: kept.groupID.rawValue)
      } catch {
        throw .cannotKeepOwner(
          path, owner: kept.userID.rawValue, group: kept.groupID.rawValue, error)
      }
    }
    try writing { () throws(Errno) in
      try file.sync()
      try file.move(to: name)
    }
  }

  private borrowing func writing<Value: ~Copyable>(
    _ body: () throws(Errno) -> Value
  ) throws(FileProblem) -> Value {
    do { return try body() } catch { throw .cannotWrite(path, error) }
  }

  /// The access bits of a mode.
  private static let access: FilePermissions = [
    .ownerReadWriteExecute, .groupReadWriteExecute, .otherReadWriteExecute,
  ]
}
