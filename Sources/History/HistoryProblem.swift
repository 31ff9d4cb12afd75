public import StateFiles
public import SystemPackage

/// Why the data of earlier runs cannot be used. Nothing may be closed based on it.
public enum HistoryProblem: Error, Equatable, Sendable {
  /// Someone else could have written the file.
  case untrusted(StateFileProblem)
  /// It is damaged, or belongs to another program.
  case unusable(FilePath, Fault)
  /// A newer version of connreap wrote it.
  case newer(FilePath)
  /// The directory cannot be written, for this reason.
  case cannotWrite(FilePath, Errno)
  /// SQLite failed; `code` is its extended result code.
  case database(FilePath, code: Int32, message: String)

  /// The problem of a file that was or would be renamed.
  public enum Fault: String, Sendable {
    /// It is damaged, or not a database.
    case damaged
    /// It belongs to another program.
    case foreign
  }
}

extension HistoryProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .untrusted(let problem): problem.description
    case .unusable(let path, .damaged): "\(path) is damaged"
    case .unusable(let path, .foreign): "\(path) belongs to another program"
    case .newer(let path):
      "\(path) was written by a newer version of connreap: use that version, or move the file away"
    case .cannotWrite(let directory, .noSpace): "no space left on \(directory)"
    case .cannotWrite(let directory, .fileTooLarge):
      "cannot write to \(directory): the limit on file sizes is reached (see 'ulimit -f')"
    case .cannotWrite(let directory, let errno): "cannot write to \(directory): \(errno)"
    case .database(let path, let code, let message):
      "\(path): \(message) (SQLite \(code))"
    }
  }
}

/// An unusable database that was renamed.
public struct SetAside: Equatable, Sendable {
  /// The original path.
  public let path: FilePath
  /// The new name, in the same directory.
  public let newName: String
  /// Why it was unusable.
  public let fault: HistoryProblem.Fault
}

extension SetAside: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    "\(HistoryProblem.unusable(path, fault)); connreap renamed it to \(newName), and its history "
      + "is not used"
  }
}
