public import SystemPackage

/// Why a file is not read. The path is that of the file or, where that is at fault, of its folder.
public enum TrustedFileProblem: Error, Equatable, Sendable {
  /// It could not be opened.
  case cannotOpen(FilePath, Errno)
  /// It was opened and could not be read.
  case cannotRead(FilePath, Errno)
  /// It is a folder, a FIFO, a device or a socket; nil when it is not known which.
  case notRegular(FilePath, FileType? = nil)
  /// It is a symbolic link, and root follows none.
  case symbolicLink(FilePath)
  /// It has more than `limit` bytes.
  case tooLarge(FilePath, limit: Int)
  /// It belongs to `owner`, and root trusts only its own.
  case notOwnedByRoot(FilePath, owner: UInt32)
  /// Its group or everybody can write it.
  case writableByOthers(FilePath, FilePermissions)
}

extension TrustedFileProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let errno): "cannot open \(path): \(errno)"
    case .cannotRead(let path, let errno): "cannot read \(path): \(errno)"
    case .notRegular(let path, nil): "\(path) is not a regular file"
    case .notRegular(let path, let type?): "\(FileProblem.notRegular(path, type))"
    case .symbolicLink(let path):
      "\(path) is a symbolic link, which root does not follow: name the file itself"
    case .tooLarge(let path, let limit): "\(path) has more than \(RemedyText.size(limit))"
    case .notOwnedByRoot(let path, let owner):
      "\(path) belongs to uid \(owner), and root trusts only its own: "
        + "chown root \(RemedyText.shellWord(path))"
    case .writableByOthers(let path, let permissions):
      RemedyText.writable(path, permissions)
    }
  }
}
