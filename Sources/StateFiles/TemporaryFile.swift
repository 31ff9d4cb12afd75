internal import Glibc
internal import SystemPackage

/// A new file that gets its name when it is complete, and is deleted if it gets none.
///
/// If the file system supports it (`O_TMPFILE`, open(2)), the file has no name until then. A killed
/// run then leaves nothing behind. Otherwise the file has a random name that no other run uses. The
/// file is locked as long as it lives (flock(2)). A file with such a name and no lock is stale, and
/// the next run removes it.
struct TemporaryFile: ~Copyable {
  private let file: OpenFile
  private let directory: FileDescriptor
  /// The name in the directory; nil while it has none.
  private var name: String?
  /// Blocks signals that would end the process and leave the name behind.
  private var held: BlockedSignals?

  private init(
    _ file: consuming OpenFile, in directory: FileDescriptor, name: String?,
    held: consuming BlockedSignals?
  ) {
    self.file = file
    self.directory = directory
    self.name = name
    self.held = held
  }

  /// Creates the file, accessible only to this user, and writes `bytes`.
  ///
  /// - Parameter isUnnamed: whether it has no name until it is moved, if the file system supports
  ///   that.
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
    let held = BlockedSignals()
    let named = try named(in: directory)
    let name = named.name
    return TemporaryFile(named.file, in: directory, name: name, held: held)
  }

  deinit {
    if let name { Self.remove(name, in: directory) }
  }

  /// Sets the mode, regardless of the umask.
  borrowing func setPermissions(_ permissions: FilePermissions) throws(Errno) {
    try Self.check(fchmod(file.descriptor.rawValue, permissions.rawValue))
  }

  /// Sets the owner and group; does nothing if they are already set.
  borrowing func setOwner(_ owner: UInt32, group: UInt32) throws(Errno) {
    let facts = try file.facts()
    let isNewOwner = facts.userID.rawValue != owner
    guard isNewOwner || facts.groupID.rawValue != group else { return }
    try Self.check(fchown(file.descriptor.rawValue, isNewOwner ? owner : .max, group))
  }

  /// Flushes the content to disk before the file gets its name.
  borrowing func sync() throws(Errno) {
    try Self.check(fsync(file.descriptor.rawValue))
  }

  /// Renames the file to `target`, replacing any file with that name.
  mutating func move(to target: FilePath) throws(Errno) {
    if held == nil { held = BlockedSignals() }
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

  /// A file without a name; nil if the file system does not support that, or if it could not get a
  /// name later because there is no /proc.
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
        // Before it was locked, another run could have removed it as stale.
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

  /// How many random names to try. One is enough, unless someone predicts them.
  private static let attempts = 16

  private static let prefix = ".connreap-"
  private static let suffix = ".tmp"
  private static let digits = 16

  /// A random name, which a collector of *.prom files does not read.
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
  /// The maximum number of names to check for stale files.
  private static let maximumNames = 10_000

  /// Removes files that killed runs of this user have left in the directory. Errors are ignored.
  static func removeStale(in directory: FileDescriptor) {
    guard let names = try? DirectoryNames.first(maximumNames, in: directory) else { return }
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
