internal import Glibc
public import SystemPackage

// Files in the state directory that another library opens by path.
extension StateDirectory {
  /// Whether a file with this name exists that only its owner, this user, can have changed.
  ///
  /// - Throws: ``StateFileProblem`` if someone else could have changed it. It must not be opened
  ///   then.
  public borrowing func hasTrustedFile(_ name: String) throws(StateFileProblem) -> Bool {
    let path = path.appending(name)
    let facts: AccessFacts
    do throws(Errno) {
      facts = try AccessFacts(
        of: try OpenFile(
          FilePath(name), from: file.descriptor, flags: OpenFile.pathOnly | O_NOFOLLOW))
    } catch .noSuchFileOrDirectory {
      return false
    } catch {
      throw .cannotOpen(path, error)
    }
    guard facts.type != .symbolicLink else { throw .symbolicLink(path) }
    guard facts.type == .regular else { throw .notRegular(path) }
    guard facts.owner == geteuid() else {
      throw .wrongOwner(path, owner: facts.owner, user: geteuid())
    }
    guard !facts.isWritableByOthers else { throw .writableByOthers(path, facts.permissions) }
    return true
  }

  /// Creates an empty file that only its owner may read and write (mode 0600).
  public borrowing func createFile(_ name: String) throws(StateFileProblem) {
    do {
      _ = try OpenFile(
        FilePath(name), from: file.descriptor, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
        mode: 0o600)
    } catch {
      throw .cannotCreate(path.appending(name), error)
    }
  }

  /// A duplicate descriptor of the directory, which the caller must close.
  public borrowing func duplicate() throws(StateFileProblem) -> CInt {
    let copy = fcntl(file.descriptor.rawValue, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw .cannotOpen(path, Errno(rawValue: errno)) }
    return copy
  }

  /// Tries to write in `directory`, and returns the error; nil if it works.
  public static func writeFailure(in directory: FilePath) -> Errno? {
    do throws(Errno) {
      let opened = try OpenFile(directory, flags: OpenFile.pathOnly | O_DIRECTORY)
      // Twice the size of the smallest file that SQLite creates beside a database.
      _ = try TemporaryFile.make(
        in: opened.descriptor, [UInt8](repeating: 0, count: 64 * 1024))
      return nil
    } catch {
      return error
    }
  }

  /// Renames a file; does nothing if it does not exist.
  public borrowing func renameFile(
    _ name: String, to newName: String
  ) throws(StateFileProblem) {
    let directory = file.descriptor.rawValue
    let code = unsafe name.withCString { old in
      unsafe newName.withCString { new in
        unsafe renameat(directory, old, directory, new) == 0 ? 0 : errno
      }
    }
    guard code == 0 || code == ENOENT else {
      throw .cannotRename(path.appending(name), Errno(rawValue: code))
    }
  }
}

/// Why a file in the state directory cannot be trusted or used.
public enum StateFileProblem: Error, Equatable, Sendable {
  /// It could not be examined.
  case cannotOpen(FilePath, Errno)
  /// It could not be created.
  case cannotCreate(FilePath, Errno)
  /// It could not be renamed.
  case cannotRename(FilePath, Errno)
  /// It is a symbolic link.
  case symbolicLink(FilePath)
  /// It is a directory, a FIFO, a device or a socket.
  case notRegular(FilePath)
  /// It belongs to `owner`, while connreap runs as `user`.
  case wrongOwner(FilePath, owner: UInt32, user: UInt32)
  /// Its group or everyone can write it.
  case writableByOthers(FilePath, FilePermissions)
}

extension StateFileProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let errno): "cannot open \(path): \(errno)"
    case .cannotCreate(let path, let errno): "cannot create \(path): \(errno)"
    case .cannotRename(let path, let errno): "cannot rename \(path): \(errno)"
    case .symbolicLink(let path): "\(path) is a symbolic link, which connreap did not create"
    case .notRegular(let path): "\(path) is not a regular file"
    case .wrongOwner(let path, let owner, let user):
      "\(path) belongs to uid \(owner), but connreap runs as uid \(user): "
        + "chown \(user) \(RemedyText.shellWord(path))"
    case .writableByOthers(let path, let permissions): RemedyText.writable(path, permissions)
    }
  }
}
