internal import GRDBSQLite
internal import Glibc
internal import StateFiles
internal import Synchronization

/// Gives SQLite access to the open state directory, through a path that only this process
/// understands.
///
/// SQLite opens files by path. After the directory is checked, anyone who can write in a directory
/// above it could replace it. So SQLite gets a path that does not exist, and its system calls
/// (`xSetSystemCall` of sqlite3_vfs) are redirected to the checked directory. None of them follows
/// a symbolic link.
final class DatabaseDirectory: Sendable {
  /// The path of the directory for SQLite.
  let path: String

  private let number: Int

  /// In procfs, nobody can create a file with this name.
  private static let prefix = "/proc/connreap-state/"
  private static let descriptors = Mutex<[Int: CInt]>([:])
  private static let nextNumber = Atomic(0)

  /// Registers the directory, and closes `descriptor` at the end of this value's lifetime.
  init?(owning descriptor: CInt) {
    number = Self.nextNumber.add(1, ordering: .relaxed).newValue
    path = Self.prefix + "\(number)"
    let number = number
    Self.descriptors.withLock { $0[number] = descriptor }
    // The value is complete here, so its deinit closes the descriptor.
    guard Self.isInstalled else { return nil }
  }

  deinit {
    let number = number
    if let descriptor = Self.descriptors.withLock({ $0.removeValue(forKey: number) }) {
      close(descriptor)
    }
  }

  /// The directory and file name for a path that SQLite uses; nil for any other path. For a closed
  /// directory, the descriptor is -1, which every call rejects.
  private static func target(_ path: UnsafePointer<CChar>) -> (descriptor: CInt, name: String)? {
    guard unsafe strncmp(path, prefix, prefix.utf8.count) == 0 else { return nil }
    let rest = unsafe String(cString: path + prefix.utf8.count)
    let parts = rest.split(separator: "/", maxSplits: 1)
    let descriptor = parts.first.flatMap { Int($0) }.flatMap { number in
      descriptors.withLock { $0[number] }
    }
    return (descriptor ?? -1, parts.count > 1 ? String(parts[1]) : ".")
  }

  private typealias Open =
    @convention(c) (UnsafePointer<CChar>, CInt, CInt) -> CInt
  private typealias Access = @convention(c) (UnsafePointer<CChar>, CInt) -> CInt
  private typealias Status =
    @convention(c) (UnsafePointer<CChar>, UnsafeMutablePointer<stat>) -> CInt
  private typealias Unlink = @convention(c) (UnsafePointer<CChar>) -> CInt

  /// Whether SQLite accepted the calls below, which have the parameters that os_unix.c expects.
  private static let isInstalled: Bool = {
    guard let system = unsafe sqlite3_vfs_find(nil),
      let set = unsafe system.pointee.xSetSystemCall
    else { return false }
    let open: Open = { path, flags, mode in
      guard let target = unsafe target(path) else {
        return unsafe Glibc.open(path, flags, mode_t(mode))
      }
      return unsafe openat(
        target.descriptor, target.name, flags | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
    }
    let access: Access = { path, mode in
      guard let target = unsafe target(path) else { return unsafe Glibc.access(path, mode) }
      return unsafe faccessat(target.descriptor, target.name, mode, 0)
    }
    let status: Status = { path, facts in
      guard let target = unsafe target(path) else { return unsafe stat(path, facts) }
      return unsafe fstatat(target.descriptor, target.name, facts, AT_SYMLINK_NOFOLLOW)
    }
    let remove: Unlink = { path in
      guard let target = unsafe target(path) else { return unsafe unlink(path) }
      return unsafe unlinkat(target.descriptor, target.name, 0)
    }
    let calls: [(String, sqlite3_syscall_ptr)] = [
      ("open", unsafe unsafeBitCast(open, to: sqlite3_syscall_ptr.self)),
      ("access", unsafe unsafeBitCast(access, to: sqlite3_syscall_ptr.self)),
      ("stat", unsafe unsafeBitCast(status, to: sqlite3_syscall_ptr.self)),
      ("unlink", unsafe unsafeBitCast(remove, to: sqlite3_syscall_ptr.self)),
    ]
    return calls.allSatisfy { unsafe set(system, $0, $1) == SQLITE_OK }
  }()
}
