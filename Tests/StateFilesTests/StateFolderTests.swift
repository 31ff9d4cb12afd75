import Glibc
import StateFiles
import SystemPackage
import Testing

@Suite struct StateFolderLocationTests {
  private func location(
    _ option: FilePath? = nil, isRoot: Bool = false, _ environment: [String: String] = [:]
  ) throws -> FilePath {
    try StateFolder.location(option: option, isRoot: isRoot, environment: environment)
  }

  @Test func isTheOptionBeforeAnythingElse() throws {
    let home = ["HOME": "/home/app", "XDG_STATE_HOME": "/state"]
    #expect(try location("/srv/state", isRoot: true, home) == "/srv/state")
    #expect(try location("here", home) == "here")
  }

  @Test func isInVarLibForRootWhateverTheEnvironment() throws {
    let home = ["HOME": "/home/app", "XDG_STATE_HOME": "/home/app/state"]
    #expect(try location(isRoot: true, home) == "/var/lib/connreap")
    #expect(try location(isRoot: true) == "/var/lib/connreap")
  }

  @Test func followsTheXDGSpecificationForOthers() throws {
    #expect(try location(nil, ["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/connreap")
    #expect(try location(nil, ["HOME": "/h"]) == "/h/.local/state/connreap")
    for ignored in ["", "relative/state", "./state"] {
      #expect(
        try location(nil, ["XDG_STATE_HOME": ignored, "HOME": "/h"])
          == "/h/.local/state/connreap")
    }
  }

  @Test(arguments: [[:], ["HOME": ""], ["HOME": "h"], ["XDG_STATE_HOME": "s"]])
  func isAnErrorWhenNothingSaysIt(environment: [String: String]) {
    #expect(throws: StateFolderProblem.unnamed) { try location(nil, environment) }
    #expect(throws: StateFolderProblem.unnamed) { try location("", environment) }
  }
}

@Suite struct StateFolderTests {
  private func open(_ path: FilePath) throws -> FilePath {
    let folder = try StateFolder(openingOrMaking: path)
    return folder.path
  }

  @Test func isMadeWithItsParentsForItsUserAlone() throws {
    let temporary = try TemporaryFolder()
    let path = temporary("a/b/c")
    #expect(try open(path) == path)
    for made in ["a", "a/b", "a/b/c"] {
      let stat = try temporary(made).stat()
      #expect(stat.type == .directory)
      #expect(stat.permissions.isDisjoint(with: [.groupReadWriteExecute, .otherReadWriteExecute]))
      #expect(stat.userID.rawValue == geteuid())
    }
    #expect(try open(path) == path, "a second run finds it")
  }

  @Test func keepsTheModeOfOneThatIsThere() throws {
    let temporary = try TemporaryFolder()
    try check(mkdir(temporary("s").string, 0o755))
    try check(chmod(temporary("s").string, 0o755))
    _ = try open(temporary("s"))
    #expect(try temporary("s").stat().permissions.rawValue == 0o755)
  }

  @Test(arguments: [0o770, 0o707, 0o1777] as [mode_t])
  func isRefusedWhenOthersCanWrite(mode: mode_t) throws {
    let temporary = try TemporaryFolder()
    let path = temporary("s")
    try check(mkdir(path.string, 0o700))
    try check(chmod(path.string, mode))
    #expect(
      throws: StateFolderProblem.writableByOthers(path, FilePermissions(rawValue: mode))
    ) { try open(path) }
  }

  @Test func isRefusedWhenItIsALink() throws {
    let temporary = try TemporaryFolder()
    try check(mkdir(temporary("real").string, 0o700))
    for (target, name) in [("real", "link"), ("nowhere", "dangling")] {
      let path = temporary(name)
      try check(symlink(temporary(target).string, path.string))
      #expect(throws: StateFolderProblem.symbolicLink(path)) { try open(path) }
    }
    #expect(throws: StateFolderProblem.symbolicLink(temporary("link"))) {
      try open(FilePath(temporary("link").string + "/"))
    }
    #expect(throws: Errno.noSuchFileOrDirectory, "nothing is made behind the link") {
      try temporary("nowhere").stat()
    }
  }

  @Test func mayLieBelowALink() throws {
    let temporary = try TemporaryFolder()
    try check(mkdir(temporary("real").string, 0o700))
    try check(symlink("real", temporary("link").string))
    _ = try open(temporary("link/s"))
    #expect(try temporary("real/s").stat().type == .directory)
  }

  @Test func isRefusedWhenItIsAFile() throws {
    let temporary = try TemporaryFolder()
    let path = try temporary.write("", to: "file")
    #expect(throws: StateFolderProblem.notAFolder(path)) { try open(path) }
    #expect(throws: StateFolderProblem.cannotMake(path.appending("s"), .notDirectory)) {
      try open(path.appending("s"))
    }
  }

  @Test(.enabled(if: isRoot, "needs root"))
  func isRefusedWhenItBelongsToAnother() throws {
    let temporary = try TemporaryFolder()
    let path = temporary("s")
    try check(mkdir(path.string, 0o700))
    try check(chown(path.string, 1234, 0))
    #expect(throws: StateFolderProblem.notOurs(path, owner: 1234, user: 0)) { try open(path) }
  }

  @Test func cannotBeMadeInProc() {
    #expect(throws: StateFolderProblem.cannotMake("/proc/connreap", .noSuchFileOrDirectory)) {
      try open("/proc/connreap")
    }
  }

  @Test func problemsNameTheRemedy() {
    let path: FilePath = "/var/lib/connreap"
    let texts: [(StateFolderProblem, String)] = [
      (.unnamed, "there is no place for the state folder: set HOME, or give --state-dir"),
      (
        .cannotMake("/var", .readOnlyFileSystem),
        "cannot make the state folder: /var: Read-only file system"
      ),
      (
        .cannotOpen(path, .permissionDenied),
        "cannot open the state folder /var/lib/connreap: Permission denied"
      ),
      (
        .symbolicLink(path),
        "the state folder /var/lib/connreap is a symbolic link: "
          + "give the folder itself with --state-dir"
      ),
      (
        .notAFolder(path),
        "the state folder /var/lib/connreap is not a folder: give another with --state-dir"
      ),
      (
        .notOurs(path, owner: 7, user: 0),
        "the state folder /var/lib/connreap belongs to uid 7, and this is uid 0: "
          + "give another with --state-dir, or chown 0 /var/lib/connreap"
      ),
      (
        .writableByOthers("/a b", FilePermissions(rawValue: 0o1777)),
        "the state folder /a b can be written by others (mode 1777): chmod go-w '/a b'"
      ),
    ]
    for (problem, text) in texts { #expect(problem.description == text) }
  }
}
