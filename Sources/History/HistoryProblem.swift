public import StateFiles
public import SystemPackage

/// Why what earlier runs remembered cannot be used. Nothing may be closed on the strength of it.
public enum HistoryProblem: Error, Equatable, Sendable {
  /// Somebody else could have written the file.
  case untrusted(StateFileProblem)
  /// It is damaged, or the database of another program.
  case unusable(FilePath, Fault)
  /// A later version of connreap wrote it.
  case newer(FilePath)
  /// Nothing can be written in the directory, and this is why.
  case cannotWrite(FilePath, Errno)
  /// SQLite failed; `code` is its extended result code.
  case database(FilePath, code: Int32, message: String)

  /// What is wrong with a file that was set aside, or would be.
  public enum Fault: String, Sendable {
    /// It is no database, or a damaged one.
    case damaged
    /// It is the database of another program.
    case foreign
  }
}

extension HistoryProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .untrusted(let problem): problem.description
    case .unusable(let path, .damaged): "\(path) is damaged"
    case .unusable(let path, .foreign): "\(path) is the database of another program"
    case .newer(let path):
      "\(path) was written by a later version of connreap: use that one, or move the file away"
    case .cannotWrite(let directory, .noSpace): "no space left on \(directory)"
    case .cannotWrite(let directory, .fileTooLarge):
      "cannot write in \(directory): the limit on file sizes is reached (see 'ulimit -f')"
    case .cannotWrite(let directory, let errno): "cannot write in \(directory): \(errno)"
    case .database(let path, let code, let message):
      "\(path): \(message) (SQLite \(code))"
    }
  }
}

/// A database that could not be used and has another name now.
public struct SetAside: Equatable, Sendable {
  /// Where it was.
  public let path: FilePath
  /// The name that it has now, in the same folder.
  public let newName: String
  /// What is wrong with it.
  public let fault: HistoryProblem.Fault
}

extension SetAside: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    "\(HistoryProblem.unusable(path, fault)); it is called \(newName) now, and what it remembered "
      + "is not used"
  }
}
