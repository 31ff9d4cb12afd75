public import SystemPackage

/// Why the state folder cannot be used.
public enum StateFolderProblem: Error, Equatable, Sendable {
  /// Neither an option nor the environment says where it is.
  case unnamed
  /// The folder, or the one above it at this path, could not be made.
  case cannotMake(FilePath, Errno)
  /// It could not be opened.
  case cannotOpen(FilePath, Errno)
  /// It is a symbolic link, which somebody else may have put there.
  case symbolicLink(FilePath)
  /// It is neither a folder nor a link.
  case notAFolder(FilePath)
  /// It belongs to `owner`, while connreap runs as `user`.
  case notOurs(FilePath, owner: UInt32, user: UInt32)
  /// Its group or everybody can write in it.
  case writableByOthers(FilePath, FilePermissions)
}

extension StateFolderProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .unnamed:
      "there is no place for the state folder: set HOME, or give --state-dir"
    case .cannotMake(let path, let errno):
      "cannot make the state folder: \(path): \(errno)"
    case .cannotOpen(let path, let errno):
      "cannot open the state folder \(path): \(errno)"
    case .symbolicLink(let path):
      "the state folder \(path) is a symbolic link: give the folder itself with --state-dir"
    case .notAFolder(let path):
      "the state folder \(path) is not a folder: give another with --state-dir"
    case .notOurs(let path, let owner, let user):
      "the state folder \(path) belongs to uid \(owner), and this is uid \(user): "
        + "give another with --state-dir, or chown \(user) \(RemedyText.shellWord(path))"
    case .writableByOthers(let path, let permissions):
      "the state folder " + RemedyText.writable(path, permissions)
    }
  }
}
