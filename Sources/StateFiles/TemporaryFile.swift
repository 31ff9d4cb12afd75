internal import Glibc
internal import SystemPackage

/// A new file that gets its name when it is complete, and is gone when it gets none.
///
/// Where the file system can do it (`O_TMPFILE`, open(2)) the file has no name until then, so that
/// nothing is left of a run that is killed. Elsewhere it has a random one, which no other run uses.
/// The file is locked as long as it lives (flock(2)): what bears such a name and is not locked is
/// left over, and the next run removes it.
struct TemporaryFile: ~Copyable {
  private let file: OpenFile
  private let directory: FileDescriptor
  /// Its name in the directory; nil while it has none.
  private var name: String?
  /// Signals that would end the process and leave the name behind.
  private var held: HeldSignals?

  private init(
    _ file: consuming OpenFile, in directory: FileDescriptor, name: String?,
    held: consuming HeldSignals?
  ) {
    self.file = file
    self.directory = directory
    self.name = name
    self.held = held
  }

  /// Makes the file, for this user alone, and writes `bytes`.
  ///
  /// - Parameter isUnnamed: whether it has no name until it is moved, where that can be.
  static func make(
    in directory: FileDescriptor, _ bytes: [UInt8], isUnnamed: Bool = true
  ) throws(Errno) -> TemporaryFile {
    let file = try empty(in: directory, isUnnamed: isUnnamed)
    try file.file.descriptor.writeWhole(bytes)
    return file
  }

  private static func empty(
    in directory: FileDescriptor, isUnnamed: Bool
  ) throws(Errno) -> TemporaryFile {
    if isUnnamed, let file = unnamed(in: directory) {
      return TemporaryFile(file, in: directory, name: nil, held: nil)
    }
    let held = HeldSignals()
    let named = try named(in: directory)
    let name = named.name
    return TemporaryFile(named.file, in: directory, name: name, held: held)
  }

  deinit {
    if let name { Self.remove(name, in: directory) }
  }

  /// Sets who may do what, whatever the umask is.
  borrowing func setPermissions(_ permissions: FilePermissions) throws(Errno) {
    try Self.check(fchmod(file.descriptor.rawValue, permissions.rawValue))
  }

  /// Gives the file to a user and a group; nothing when it is theirs.
  borrowing func setOwner(_ owner: UInt32, group: UInt32) throws(Errno) {
    let facts = try file.facts()
    let isNewOwner = facts.userID.rawValue != owner
    guard isNewOwner || facts.groupID.rawValue != group else { return }
    try Self.check(fchown(file.descriptor.rawValue, isNewOwner ? owner : .max, group))
  }

  /// Makes sure that the content is on the disk before the name is.
  borrowing func sync() throws(Errno) {
    try Self.check(fsync(file.descriptor.rawValue))
  }

  /// Names the file `target`, in the place of what has that name.
  mutating func move(to target: FilePath) throws(Errno) {
    if held == nil { held = HeldSignals() }
    if self.name == nil { self.name = try link() }
    guard let name = self.name else { throw .noSuchFileOrDirectory }
    let code = unsafe name.withCString { from in
      unsafe target.withPlatformString { to in
        unsafe renameat(directory.rawValue, from, directory.rawValue, to) == 0 ? 0 : errno
      }
    }
    guard code == 0 else { throw Errno(rawValue: code) }
    self.name = nil
  }

  /// A file without a name; nil where the file system has none, or where it could get no name
  /// later because there is no /proc.
  private static func unnamed(in directory: FileDescriptor) -> OpenFile? {
    guard
      let file = try? OpenFile(
        ".", from: directory, flags: O_WRONLY | OpenFile.unnamed,
        mode: 0o600),
      (try? FilePath(file.magicLink).stat().inode) == (try? file.facts().inode)
    else { return nil }
    _ = try? file.lockIfFree()
    return file
  }

  private struct Named: ~Copyable {
    let file: OpenFile
    let name: String
  }

  private static func named(in directory: FileDescriptor) throws(Errno) -> Named {
    for _ in 0..<attempts {
      let name = randomName()
      do throws(Errno) {
        let file = try OpenFile(
          FilePath(name), from: directory, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
          mode: 0o600)
        _ = try? file.lockIfFree()
        // Until it was locked, another run could take it for left over.
        if try file.facts().linkCount > 0 { return Named(file: file, name: name) }
      } catch .fileExists {
        continue
      }
    }
    throw .fileExists
  }

  /// Gives the file a random name.
  private borrowing func link() throws(Errno) -> String {
    for _ in 0..<Self.attempts {
      let name = Self.randomName()
      let code = unsafe file.magicLink.withCString { from in
        unsafe name.withCString { to in
          unsafe linkat(AT_FDCWD, from, directory.rawValue, to, AT_SYMLINK_FOLLOW) == 0
            ? 0 : errno
        }
      }
      if code == 0 { return name }
      guard code == EEXIST else { throw Errno(rawValue: code) }
    }
    throw .fileExists
  }

  /// How many random names are tried: one is enough, unless somebody foresees them.
  private static let attempts = 16

  private static let prefix = ".connreap-"
  private static let suffix = ".tmp"
  private static let digits = 16

  /// No name that a collector of *.prom would read.
  private static func randomName() -> String {
    let number = String(UInt64.random(in: 0 ... .max), radix: 16)
    return prefix + String(repeating: "0", count: digits - number.utf8.count) + number + suffix
  }

  private static func isTemporary(_ name: String) -> Bool {
    name.hasPrefix(prefix) && name.hasSuffix(suffix)
      && name.utf8.count == prefix.utf8.count + digits + suffix.utf8.count
      && name.dropFirst(prefix.count).prefix(digits).allSatisfy(\.isHexDigit)
  }

  private static func remove(_ name: String, in directory: FileDescriptor) {
    _ = unsafe name.withCString { unsafe unlinkat(directory.rawValue, $0, 0) }
  }

  private static func check(_ result: CInt) throws(Errno) {
    guard result == 0 else { throw Errno(rawValue: errno) }
  }
}

extension TemporaryFile {
  /// How many names of a directory are looked at for files that are left over.
  private static let mostNames = 10_000

  /// Removes what runs of this user that were killed have left in the directory. Whatever stands in
  /// the way of that is no failure.
  static func removeStale(in directory: FileDescriptor) {
    guard let names = try? DirectoryNames.first(mostNames, in: directory) else { return }
    for name in names where isTemporary(name) {
      guard
        let file = try? OpenFile(
          FilePath(name), from: directory, flags: O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY),
        let facts = try? file.facts(), facts.type == .regular,
        facts.userID.rawValue == geteuid(), (try? file.lockIfFree()) == true
      else { continue }
      remove(name, in: directory)
    }
  }
}
