internal import GRDBSQLite
internal import Glibc
internal import StateFiles
internal import Synchronization

/// The open state directory, as SQLite sees it: under a path that only this process understands.
///
/// SQLite opens files by path. Between the check of a directory and that, whoever may write in a
/// directory above it could put another in its place. So SQLite is given a path that does not exist,
/// and its system calls (`xSetSystemCall` of sqlite3_vfs) are led to the directory that was checked.
/// None follows a symbolic link.
final class DatabaseDirectory: Sendable {
  /// What SQLite takes for the path of the directory.
  let path: String

  private let number: Int

  /// Procfs lets nobody make anything.
  private static let prefix = "/proc/connreap-state/"
  private static let descriptors = Mutex<[Int: CInt]>([:])
  private static let nextNumber = Atomic(0)

  /// The directory behind `descriptor`, which is closed with this value.
  init?(owning descriptor: CInt) {
    number = Self.nextNumber.add(1, ordering: .relaxed).newValue
    path = Self.prefix + "\(number)"
    let number = number
    Self.descriptors.withLock { $0[number] = descriptor }
    // The value is complete, so that its deinit closes the descriptor.
    guard Self.isInstalled else { return nil }
  }

  deinit {
    let number = number
    if let descriptor = Self.descriptors.withLock({ $0.removeValue(forKey: number) }) {
      close(descriptor)
    }
  }

  /// The directory and the name in it that a path of SQLite's stands for; nil for any other path,
  /// and the descriptor -1, which no call takes, for a directory that is closed.
  private static func place(_ path: UnsafePointer<CChar>) -> (descriptor: CInt, name: String)? {
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

  /// Whether SQLite uses the calls below. They are those of os_unix.c, with the same parameters.
  private static let isInstalled: Bool = {
    guard let system = unsafe sqlite3_vfs_find(nil),
      let set = unsafe system.pointee.xSetSystemCall
    else { return false }
    let open: Open = { path, flags, mode in
      guard let place = unsafe place(path) else {
        return unsafe Glibc.open(path, flags, mode_t(mode))
      }
      return unsafe openat(
        place.descriptor, place.name, flags | O_NOFOLLOW | O_CLOEXEC, mode_t(mode))
    }
    let access: Access = { path, mode in
      guard let place = unsafe place(path) else { return unsafe Glibc.access(path, mode) }
      return unsafe faccessat(place.descriptor, place.name, mode, 0)
    }
    let status: Status = { path, facts in
      guard let place = unsafe place(path) else { return unsafe stat(path, facts) }
      return unsafe fstatat(place.descriptor, place.name, facts, AT_SYMLINK_NOFOLLOW)
    }
    let remove: Unlink = { path in
      guard let place = unsafe place(path) else { return unsafe unlink(path) }
      return unsafe unlinkat(place.descriptor, place.name, 0)
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
