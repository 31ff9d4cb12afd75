public import SystemPackage

/// Why the state directory cannot be used.
public enum StateDirectoryProblem: Error, Equatable, Sendable {
  /// Neither an option nor the environment names it.
  case unnamed
  /// The directory, or its parent at this path, could not be created.
  case cannotCreate(FilePath, Errno)
  /// It could not be opened.
  case cannotOpen(FilePath, Errno)
  /// It is a symbolic link, which someone else may have put there.
  case symbolicLink(FilePath)
  /// It is neither a directory nor a link.
  case notADirectory(FilePath)
  /// It belongs to `owner`, while connreap runs as `user`.
  case wrongOwner(FilePath, owner: UInt32, user: UInt32)
  /// Its group or everyone can write in it.
  case writableByOthers(FilePath, FilePermissions)
}

extension StateDirectoryProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .unnamed:
      "no location for the state directory: set HOME, or use --state-dir"
    case .cannotCreate(let path, let errno):
      "cannot create the state directory: \(path): \(errno)"
    case .cannotOpen(let path, let errno):
      "cannot open the state directory \(path): \(errno)"
    case .symbolicLink(let path):
      "the state directory \(path) is a symbolic link: name the directory itself with --state-dir"
    case .notADirectory(let path):
      "the state directory \(path) is not a directory: choose another with --state-dir"
    case .wrongOwner(let path, let owner, let user):
      "the state directory \(path) belongs to uid \(owner), but connreap runs as uid \(user): "
        + "choose another with --state-dir, or chown \(user) \(RemedyText.shellWord(path))"
    case .writableByOthers(let path, let permissions):
      "the state directory " + RemedyText.writable(path, permissions)
    }
  }
}
