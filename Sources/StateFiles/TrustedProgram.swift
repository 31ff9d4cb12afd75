internal import Glibc
public import SystemPackage

/// A program that was opened and checked. It runs through its open descriptor, so a later file at
/// its path does not matter.
///
/// A script runs as the kernel would run it, by the interpreter of its first line (`#!`). The
/// interpreter is opened and checked in the same way.
public struct TrustedProgram: ~Copyable {
  private let program: OpenFile
  private let scriptFile: OpenFile?
  /// The script, which the interpreter reads; nil for a binary.
  public let script: FileDescriptor?
  /// The words before the script: the interpreter as named, and its argument.
  private let interpreterWords: [String]

  /// How many bytes of a file may hold the interpreter line, as in the kernel (`BINPRM_BUF_SIZE`).
  private static let longestFirstLine = 256

  /// Opens and checks the program at `path`.
  ///
  /// - Parameters:
  ///   - user: the user to trust besides root.
  ///   - searchPath: the directories that `#!/usr/bin/env NAME` searches.
  public init(
    _ path: FilePath, user: UInt32, searchPath: [FilePath]
  ) throws(TrustedProgramProblem) {
    let opened = try TrustedPath.open(path, user: user)
    try Self.requireExecutable(opened.file, at: path)
    guard let start = try opened.start(Self.longestFirstLine, at: path),
      start.starts(with: "#!".utf8)
    else {
      program = try Self.duplicate(opened.file, at: path)
      scriptFile = nil
      script = nil
      interpreterWords = []
      return
    }
    let line: InterpreterLine
    do { line = try InterpreterLine(start) } catch { throw .interpreter(of: path, error) }
    let found = try Self.find(line, of: path, user: user, searchPath: searchPath)
    let source: OpenFile
    do { source = try opened.openToRead() } catch { throw .cannotOpen(path, error) }
    program = try Self.duplicate(found.path.file, at: path)
    script = source.descriptor
    scriptFile = consume source
    interpreterWords = found.words
  }

  /// The file to execute: the program, or the interpreter of the script.
  public var executable: FileDescriptor { program.descriptor }

  /// The argument list for the command `words`, whose first word names this program.
  ///
  /// - Parameter script: the path by which the interpreter opens the script.
  public func arguments(_ words: [String], script: String) -> [String] {
    guard self.script != nil else { return words }
    return interpreterWords + [script] + words.dropFirst()
  }

  private struct Found: ~Copyable {
    let path: TrustedPath
    let words: [String]
  }

  /// Opens the interpreter that `line` names.
  private static func find(
    _ line: InterpreterLine, of script: FilePath, user: UInt32, searchPath: [FilePath]
  ) throws(TrustedProgramProblem) -> Found {
    switch line {
    case .program(let name, let argument):
      let words = [name] + (argument.map { [$0] } ?? [])
      return Found(
        path: try openInterpreter(FilePath(name), of: script, user: user), words: words)
    case .searched(let name):
      for directory in searchPath {
        let path = directory.appending(name)
        do {
          return Found(
            path: try openInterpreter(path, of: script, user: user), words: [name])
        } catch .cannotOpen(_, .noSuchFileOrDirectory), .cannotOpen(_, .notDirectory) {
          continue
        }
      }
      throw .interpreter(of: script, .notFound(name))
    }
  }

  private static func openInterpreter(
    _ path: FilePath, of script: FilePath, user: UInt32
  ) throws(TrustedProgramProblem) -> TrustedPath {
    let opened = try TrustedPath.open(path, user: user)
    try requireExecutable(opened.file, at: path)
    guard try opened.start(2, at: path) != Array("#!".utf8) else {
      throw .interpreter(of: script, .isScript(path))
    }
    return opened
  }

  private static func requireExecutable(
    _ file: borrowing OpenFile, at path: FilePath
  ) throws(TrustedProgramProblem) {
    let facts: AccessFacts
    do { facts = try AccessFacts(of: file) } catch { throw .cannotOpen(path, error) }
    // The kernel decides which bit counts, except for a script, which it never runs itself.
    let anyone: FilePermissions = [.ownerExecute, .groupExecute, .otherExecute]
    guard !facts.permissions.isDisjoint(with: anyone) else { throw .notExecutable(path) }
  }

  /// Duplicates the descriptor to a number well above the standard streams.
  private static func duplicate(
    _ file: borrowing OpenFile, at path: FilePath
  ) throws(TrustedProgramProblem) -> OpenFile {
    do { return try OpenFile(duplicating: file.descriptor.rawValue, from: 10) } catch {
      throw .cannotOpen(path, error)
    }
  }
}
