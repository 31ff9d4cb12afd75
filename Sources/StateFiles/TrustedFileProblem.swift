public import SystemPackage

/// Why a file is not read. The path is that of the file, or of its directory if that is at fault.
public enum TrustedFileProblem: Error, Equatable, Sendable {
  /// It could not be opened.
  case cannotOpen(FilePath, Errno)
  /// It was opened but could not be read.
  case cannotRead(FilePath, Errno)
  /// It is a directory, a FIFO, a device or a socket; nil if the type is unknown.
  case notRegular(FilePath, FileType? = nil)
  /// It is a symbolic link, which root does not follow.
  case symbolicLink(FilePath)
  /// It is larger than `limit` bytes.
  case tooLarge(FilePath, limit: Int)
  /// It belongs to `owner`, but root trusts only its own files.
  case notOwnedByRoot(FilePath, owner: UInt32)
  /// Its group or everyone can write it.
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
    case .tooLarge(let path, let limit): "\(path) is larger than \(RemedyText.size(limit))"
    case .notOwnedByRoot(let path, let owner):
      "\(path) belongs to uid \(owner), but root trusts only its own files: "
        + "chown root \(RemedyText.shellWord(path))"
    case .writableByOthers(let path, let permissions):
      RemedyText.writable(path, permissions)
    }
  }
}
