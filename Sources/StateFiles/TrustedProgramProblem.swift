public import SystemPackage

/// Why a program is not run.
public enum TrustedProgramProblem: Error, Equatable, Sendable {
  /// The program, or a directory above it, could not be opened.
  case cannotOpen(FilePath, Errno)
  /// It is a directory, a FIFO, a device or a socket.
  case notRegular(FilePath)
  /// Nobody may execute it.
  case notExecutable(FilePath)
  /// The program, or a directory or link on its path, belongs to neither root nor `user`.
  case untrustedOwner(FilePath, owner: UInt32, user: UInt32)
  /// The program, or a directory on its path, is writable by its group or by everyone.
  case writableByOthers(FilePath, FilePermissions)
  /// The first line of the script names no usable interpreter.
  case interpreter(of: FilePath, InterpreterProblem)
}

/// What is wrong with the first line of a script.
public enum InterpreterProblem: Error, Equatable, Sendable {
  /// The line is longer than the part that the kernel reads.
  case unterminated
  /// The interpreter is not an absolute path.
  case notAbsolute
  /// The line uses `env` for more than finding a program.
  case options(String)
  /// No directory of the search path has the program.
  case notFound(String)
  /// The interpreter is itself a script.
  case isScript(FilePath)
}

extension TrustedProgramProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch self {
    case .cannotOpen(let path, let errno): "cannot open \(path): \(errno)"
    case .notRegular(let path): "\(path) is not a regular file"
    case .notExecutable(let path):
      "\(path) is not executable: chmod +x \(RemedyText.shellWord(path))"
    case .untrustedOwner(let path, let owner, let user):
      "\(path) belongs to uid \(owner), who could replace the program: "
        + "chown \(user) \(RemedyText.shellWord(path))"
    case .writableByOthers(let path, let permissions):
      RemedyText.writable(path, permissions)
    case .interpreter(let script, let problem): "the first line of \(script) \(problem)"
    }
  }
}

extension InterpreterProblem: CustomStringConvertible {
  /// The end of a sentence that begins "the first line of the script".
  public var description: String {
    switch self {
    case .unterminated: "does not end within 256 bytes"
    case .notAbsolute: "does not name its interpreter by an absolute path"
    case .options(let argument):
      "runs env with \"\(argument)\": name the interpreter by its path instead"
    case .notFound(let name): "names \(name), which is not in the search path"
    case .isScript(let path): "names \(path), which is itself a script"
    }
  }
}
