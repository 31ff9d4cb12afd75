import Glibc
import StateFiles
import SystemPackage
import Testing

/// Files in the state directory that SQLite opens by path.
@Suite final class StateDirectoryFilesTests {
  private let directory: TemporaryDirectory
  private let file: FilePath

  init() throws {
    directory = try TemporaryDirectory()
    file = directory.path.appending("a.db")
  }

  private func open() throws -> StateDirectory { try StateDirectory(opening: directory.path) }

  @Test func openingDoesNotCreateAMissingDirectory() throws {
    let missing = directory.path.appending("missing")
    #expect(throws: StateDirectoryProblem.cannotOpen(missing, .noSuchFileOrDirectory)) {
      _ = try StateDirectory(opening: missing)
    }
    #expect(access(missing.string, F_OK) != 0)
  }

  @Test func filesAreCreatedOnceForTheOwnerOnly() throws {
    #expect(try open().hasTrustedFile("a.db") == false)
    try open().createFile("a.db")
    #expect(try open().hasTrustedFile("a.db"))
    var facts = stat()
    #expect(stat(file.string, &facts) == 0 && facts.st_mode & 0o7777 == 0o600)
    #expect(throws: StateFileProblem.cannotCreate(file, .fileExists)) {
      try open().createFile("a.db")
    }
  }

  @Test func renamingMovesFilesAndIgnoresMissingOnes() throws {
    try open().createFile("a.db")
    try open().renameFile("a.db", to: "b.db")
    #expect(try open().hasTrustedFile("b.db"))
    #expect(try open().hasTrustedFile("a.db") == false)
    try open().renameFile("a.db", to: "c.db")
    #expect(try open().hasTrustedFile("c.db") == false)
    #expect(mkdir(file.string, 0o700) == 0)
    #expect(throws: StateFileProblem.self) { try open().renameFile("b.db", to: "a.db") }
  }

  @Test func filesThatOthersCouldHaveWrittenAreRefused() throws {
    #expect(symlink("/etc/passwd", file.string) == 0)
    #expect(throws: StateFileProblem.symbolicLink(file)) { try open().hasTrustedFile("a.db") }
    #expect(throws: StateFileProblem.cannotCreate(file, .fileExists)) {
      try open().createFile("a.db")
    }
    unlink(file.string)
    #expect(mkfifo(file.string, 0o600) == 0)
    #expect(throws: StateFileProblem.notRegular(file)) { try open().hasTrustedFile("a.db") }
    unlink(file.string)
    try open().createFile("a.db")
    for mode in [mode_t(0o620), 0o602] {
      #expect(chmod(file.string, mode) == 0)
      #expect(
        throws: StateFileProblem.writableByOthers(file, FilePermissions(rawValue: mode))
      ) { try open().hasTrustedFile("a.db") }
    }
    #expect(chmod(file.string, 0o644) == 0)
    #expect(try open().hasTrustedFile("a.db"), "others may read it")
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func filesOfOtherUsersAreRefused() throws {
    try open().createFile("a.db")
    #expect(chown(file.string, 1, 1) == 0)
    #expect(throws: StateFileProblem.wrongOwner(file, owner: 1, user: 0)) {
      try open().hasTrustedFile("a.db")
    }
  }

  @Test func everyProblemNamesTheFile() {
    let problems: [StateFileProblem] = [
      .cannotOpen(file, .ioError), .cannotCreate(file, .noSpace), .cannotRename(file, .ioError),
      .symbolicLink(file), .notRegular(file), .wrongOwner(file, owner: 1, user: 0),
      .writableByOthers(file, FilePermissions(rawValue: 0o622)),
    ]
    for problem in problems { #expect("\(problem)".contains(file.string)) }
    #expect("\(problems[6])".hasSuffix("(mode 0622): chmod go-w \(file)"))
  }
}
