import Glibc
import StateFiles
import SystemPackage
import Testing

/// Files in the state directory that SQLite opens by path.
@Suite final class StateFolderFilesTests {
  private let directory: TemporaryFolder
  private let file: FilePath

  init() throws {
    directory = try TemporaryFolder()
    file = directory.path.appending("a.db")
  }

  private func open() throws -> StateFolder { try StateFolder(opening: directory.path) }

  @Test func openingDoesNotCreateAMissingDirectory() throws {
    let missing = directory.path.appending("missing")
    #expect(throws: StateFolderProblem.cannotOpen(missing, .noSuchFileOrDirectory)) {
      _ = try StateFolder(opening: missing)
    }
    #expect(access(missing.string, F_OK) != 0)
  }

  @Test func filesAreCreatedOnceForTheOwnerOnly() throws {
    #expect(try open().holdsOwnFile("a.db") == false)
    try open().makeFile("a.db")
    #expect(try open().holdsOwnFile("a.db"))
    var facts = stat()
    #expect(stat(file.string, &facts) == 0 && facts.st_mode & 0o7777 == 0o600)
    #expect(throws: StateFileProblem.cannotMake(file, .fileExists)) {
      try open().makeFile("a.db")
    }
  }

  @Test func renamingMovesFilesAndIgnoresMissingOnes() throws {
    try open().makeFile("a.db")
    try open().renameFile("a.db", to: "b.db")
    #expect(try open().holdsOwnFile("b.db"))
    #expect(try open().holdsOwnFile("a.db") == false)
    try open().renameFile("a.db", to: "c.db")
    #expect(try open().holdsOwnFile("c.db") == false)
    #expect(mkdir(file.string, 0o700) == 0)
    #expect(throws: StateFileProblem.self) { try open().renameFile("b.db", to: "a.db") }
  }

  @Test func filesThatOthersCouldHaveWrittenAreRefused() throws {
    #expect(symlink("/etc/passwd", file.string) == 0)
    #expect(throws: StateFileProblem.symbolicLink(file)) { try open().holdsOwnFile("a.db") }
    #expect(throws: StateFileProblem.cannotMake(file, .fileExists)) {
      try open().makeFile("a.db")
    }
    unlink(file.string)
    #expect(mkfifo(file.string, 0o600) == 0)
    #expect(throws: StateFileProblem.notRegular(file)) { try open().holdsOwnFile("a.db") }
    unlink(file.string)
    try open().makeFile("a.db")
    for mode in [mode_t(0o620), 0o602] {
      #expect(chmod(file.string, mode) == 0)
      #expect(
        throws: StateFileProblem.writableByOthers(file, FilePermissions(rawValue: mode))
      ) { try open().holdsOwnFile("a.db") }
    }
    #expect(chmod(file.string, 0o644) == 0)
    #expect(try open().holdsOwnFile("a.db"), "others may read it")
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func filesOfOtherUsersAreRefused() throws {
    try open().makeFile("a.db")
    #expect(chown(file.string, 1, 1) == 0)
    #expect(throws: StateFileProblem.notOurs(file, owner: 1, user: 0)) {
      try open().holdsOwnFile("a.db")
    }
  }

  @Test func everyProblemNamesTheFile() {
    let problems: [StateFileProblem] = [
      .cannotOpen(file, .ioError), .cannotMake(file, .noSpace), .cannotRename(file, .ioError),
      .symbolicLink(file), .notRegular(file), .notOurs(file, owner: 1, user: 0),
      .writableByOthers(file, FilePermissions(rawValue: 0o622)),
    ]
    for problem in problems { #expect("\(problem)".contains(file.string)) }
    #expect("\(problems[6])".hasSuffix("(mode 0622): chmod go-w \(file)"))
  }
}
