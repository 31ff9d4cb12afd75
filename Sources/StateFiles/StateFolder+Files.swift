internal import Glibc
public import SystemPackage

// Files in the state folder that another library opens by their path.
extension StateFolder {
  /// Whether there is a file of this name, which only its owner, this user, can have changed.
  ///
  /// - Throws: ``StateFileProblem`` when somebody else could have: it must not be opened then.
  public borrowing func holdsOwnFile(_ name: String) throws(StateFileProblem) -> Bool {
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
      throw .notOurs(path, owner: facts.owner, user: geteuid())
    }
    guard !facts.isWritableByOthers else { throw .writableByOthers(path, facts.permissions) }
    return true
  }

  /// Makes an empty file that its owner alone may read and write (mode 0600).
  public borrowing func makeFile(_ name: String) throws(StateFileProblem) {
    do {
      _ = try OpenFile(
        FilePath(name), from: file.descriptor, flags: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
        mode: 0o600)
    } catch {
      throw .cannotMake(path.appending(name), error)
    }
  }

  /// Another descriptor of the directory, for the caller to close.
  public borrowing func duplicate() throws(StateFileProblem) -> CInt {
    let copy = fcntl(file.descriptor.rawValue, F_DUPFD_CLOEXEC, 3)
    guard copy >= 0 else { throw .cannotOpen(path, Errno(rawValue: errno)) }
    return copy
  }

  /// Why nothing can be written in `directory`, after trying; nil when it can.
  public static func whyNothingCanBeWritten(in directory: FilePath) -> Errno? {
    do throws(Errno) {
      let opened = try OpenFile(directory, flags: OpenFile.pathOnly | O_DIRECTORY)
      // As much as the smallest file that SQLite makes beside a database needs twice over.
      _ = try TemporaryFile.make(
        in: opened.descriptor, [UInt8](repeating: 0, count: 64 * 1024))
      return nil
    } catch {
      return error
    }
  }

  /// Gives a file another name; nothing when it is not there.
  public borrowing func renameFile(
    _ name: String, to newName: String
  ) throws(StateFileProblem) {
    let folder = file.descriptor.rawValue
    let code = unsafe name.withCString { old in
      unsafe newName.withCString { new in
        unsafe renameat(folder, old, folder, new) == 0 ? 0 : errno
      }
    }
    guard code == 0 || code == ENOENT else {
      throw .cannotRename(path.appending(name), Errno(rawValue: code))
    }
  }
}

/// Why a file in the state folder cannot be trusted or used.
public enum StateFileProblem: Error, Equatable, Sendable {
  /// It could not be looked at.
  case cannotOpen(FilePath, Errno)
  /// It could not be made.
  case cannotMake(FilePath, Errno)
  /// It could not be given another name.
  case cannotRename(FilePath, Errno)
  /// It is a symbolic link.
  case symbolicLink(FilePath)
  /// It is a folder, a FIFO, a device or a socket.
  case notRegular(FilePath)
  /// It belongs to `owner`, while connreap runs as `user`.
  case notOurs(FilePath, owner: UInt32, user: UInt32)
  /// Its group or everybody can write it.
  case writableByOthers(FilePath, FilePermissions)
}

extension StateFileProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let errno): "cannot open \(path): \(errno)"
    case .cannotMake(let path, let errno): "cannot make \(path): \(errno)"
    case .cannotRename(let path, let errno): "cannot rename \(path): \(errno)"
    case .symbolicLink(let path): "\(path) is a symbolic link, which connreap did not make"
    case .notRegular(let path): "\(path) is not a regular file"
    case .notOurs(let path, let owner, let user):
      "\(path) belongs to uid \(owner), and this is uid \(user): "
        + "chown \(user) \(RemedyText.shellWord(path))"
    case .writableByOthers(let path, let permissions): RemedyText.writable(path, permissions)
    }
  }
}
