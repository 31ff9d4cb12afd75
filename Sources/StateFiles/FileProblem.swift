public import SystemPackage

/// Why a file named by the user cannot be read or written.
public enum FileProblem: Error, Equatable, Sendable {
  /// It could not be opened.
  case cannotOpen(FilePath, Errno)
  /// It was opened but could not be read.
  case cannotRead(FilePath, Errno)
  /// It could not be written or moved into place.
  case cannotWrite(FilePath, Errno)
  /// It is not a regular file.
  case notRegular(FilePath, FileType)
  /// It is a symbolic link of `owner`, and root follows only its own links.
  case linkOfOtherUser(FilePath, owner: UInt32)
  /// It is larger than `limit` bytes.
  case tooLarge(FilePath, limit: Int)
  /// The name ends in a slash, and no such directory exists.
  case noSuchDirectory(String)
  /// It cannot be written, because its directory could not be opened.
  case cannotOpenDirectory(FilePath, of: FilePath, Errno)
  /// The existing file belongs to `owner`, and the new one could not get the same user and group.
  case cannotKeepOwner(FilePath, owner: UInt32, group: UInt32, Errno)
  /// The existing file belongs to `owner` and is in a world-writable directory. That user may have
  /// put it there to read the output.
  case plantedByOtherUser(FilePath, owner: UInt32)

  /// The system's error; nil if connreap itself refuses.
  public var errno: Errno? {
    switch self {
    case .cannotOpen(_, let errno), .cannotRead(_, let errno), .cannotWrite(_, let errno),
      .cannotOpenDirectory(_, _, let errno), .cannotKeepOwner(_, _, _, let errno):
      errno
    case .notRegular, .linkOfOtherUser, .tooLarge, .noSuchDirectory, .plantedByOtherUser: nil
    }
  }
}

extension FileProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let errno): "cannot open \(path): \(errno)"
    case .cannotRead(let path, let errno): "cannot read \(path): \(errno)"
    case .cannotWrite(let path, .fileTooLarge):
      "cannot write \(path): the limit on file sizes is reached (see 'ulimit -f')"
    case .cannotWrite(let path, let errno): "cannot write \(path): \(errno)"
    case .notRegular(let path, let type): "\(path) is \(type.noun), not a regular file"
    case .linkOfOtherUser(let path, let owner):
      "\(path) is a symbolic link owned by uid \(owner), but root follows only its own links: "
        + "name the file itself"
    case .tooLarge(let path, let limit): "\(path) is larger than \(RemedyText.size(limit))"
    case .noSuchDirectory(let name): "no such directory: \(name)"
    case .cannotOpenDirectory(let directory, let path, let errno):
      "cannot write \(path): cannot open the directory \(directory): \(errno)"
    case .cannotKeepOwner(let path, let owner, let group, let errno):
      "cannot keep the owner of \(path) (uid \(owner), gid \(group)): \(errno); "
        + "delete the file first, or run as its owner"
    case .plantedByOtherUser(let path, let owner):
      "\(path) belongs to uid \(owner) and is in a world-writable directory: "
        + "delete it first, or choose another file"
    }
  }
}

extension FileType {
  /// The noun for a message, with its article.
  var noun: String {
    switch self {
    case .regular: "a regular file"
    case .directory: "a directory"
    case .symbolicLink: "a symbolic link"
    case .fifo: "a FIFO"
    case .socket: "a socket"
    case .characterSpecial: "a character device"
    case .blockSpecial: "a block device"
    default: "a file of unknown type"
    }
  }
}
