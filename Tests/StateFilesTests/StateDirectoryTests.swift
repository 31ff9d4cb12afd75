import Glibc
import StateFiles
import SystemPackage
import Testing

@Suite struct StateDirectoryLocationTests {
  private func location(
    _ option: FilePath? = nil, isRoot: Bool = false, _ environment: [String: String] = [:]
  ) throws -> FilePath {
    try StateDirectory.location(option: option, isRoot: isRoot, environment: environment)
  }

  @Test func theOptionTakesPrecedence() throws {
    let home = ["HOME": "/home/app", "XDG_STATE_HOME": "/state"]
    #expect(try location("/srv/state", isRoot: true, home) == "/srv/state")
    #expect(try location("here", home) == "here")
  }

  @Test func rootAlwaysUsesVarLib() throws {
    let home = ["HOME": "/home/app", "XDG_STATE_HOME": "/home/app/state"]
    #expect(try location(isRoot: true, home) == "/var/lib/connreap")
    #expect(try location(isRoot: true) == "/var/lib/connreap")
  }

  @Test func otherUsersFollowTheXDGSpecification() throws {
    #expect(try location(nil, ["XDG_STATE_HOME": "/s", "HOME": "/h"]) == "/s/connreap")
    #expect(try location(nil, ["HOME": "/h"]) == "/h/.local/state/connreap")
    for ignored in ["", "relative/state", "./state"] {
      #expect(
        try location(nil, ["XDG_STATE_HOME": ignored, "HOME": "/h"])
          == "/h/.local/state/connreap")
    }
  }

  @Test(arguments: [[:], ["HOME": ""], ["HOME": "h"], ["XDG_STATE_HOME": "s"]])
  func missingLocationsAreAnError(environment: [String: String]) {
    #expect(throws: StateDirectoryProblem.unnamed) { try location(nil, environment) }
    #expect(throws: StateDirectoryProblem.unnamed) { try location("", environment) }
  }
}

@Suite struct StateDirectoryTests {
  private func open(_ path: FilePath) throws -> FilePath {
    let directory = try StateDirectory(openingOrCreating: path)
    return directory.path
  }

  @Test func directoriesAndParentsAreCreatedForTheUserOnly() throws {
    let temporary = try TemporaryDirectory()
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

  @Test func existingDirectoriesKeepTheirMode() throws {
    let temporary = try TemporaryDirectory()
    try check(mkdir(temporary("s").string, 0o755))
    try check(chmod(temporary("s").string, 0o755))
    _ = try open(temporary("s"))
    #expect(try temporary("s").stat().permissions.rawValue == 0o755)
  }

  @Test(arguments: [0o770, 0o707, 0o1777] as [mode_t])
  func directoriesWritableByOthersAreRefused(mode: mode_t) throws {
    let temporary = try TemporaryDirectory()
    let path = temporary("s")
    try check(mkdir(path.string, 0o700))
    try check(chmod(path.string, mode))
    #expect(
      throws: StateDirectoryProblem.writableByOthers(path, FilePermissions(rawValue: mode))
    ) { try open(path) }
  }

  @Test func linksAreRefused() throws {
    let temporary = try TemporaryDirectory()
    try check(mkdir(temporary("real").string, 0o700))
    for (target, name) in [("real", "link"), ("nowhere", "dangling")] {
      let path = temporary(name)
      try check(symlink(temporary(target).string, path.string))
      #expect(throws: StateDirectoryProblem.symbolicLink(path)) { try open(path) }
    }
    #expect(throws: StateDirectoryProblem.symbolicLink(temporary("link"))) {
      try open(FilePath(temporary("link").string + "/"))
    }
    #expect(throws: Errno.noSuchFileOrDirectory, "nothing is created behind the link") {
      try temporary("nowhere").stat()
    }
  }

  @Test func parentsMayBeLinks() throws {
    let temporary = try TemporaryDirectory()
    try check(mkdir(temporary("real").string, 0o700))
    try check(symlink("real", temporary("link").string))
    _ = try open(temporary("link/s"))
    #expect(try temporary("real/s").stat().type == .directory)
  }

  @Test func filesAreRefused() throws {
    let temporary = try TemporaryDirectory()
    let path = try temporary.write("", to: "file")
    #expect(throws: StateDirectoryProblem.notADirectory(path)) { try open(path) }
    #expect(throws: StateDirectoryProblem.cannotCreate(path.appending("s"), .notDirectory)) {
      try open(path.appending("s"))
    }
  }

  @Test(.enabled(if: isRoot, "needs root"))
  func directoriesOfOtherUsersAreRefused() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary("s")
    try check(mkdir(path.string, 0o700))
    try check(chown(path.string, 1234, 0))
    #expect(throws: StateDirectoryProblem.wrongOwner(path, owner: 1234, user: 0)) { try open(path) }
  }

  @Test func directoriesCannotBeCreatedInProc() {
    #expect(throws: StateDirectoryProblem.cannotCreate("/proc/connreap", .noSuchFileOrDirectory)) {
      try open("/proc/connreap")
    }
  }

  @Test func problemsNameTheRemedy() {
    let path: FilePath = "/var/lib/connreap"
    let texts: [(StateDirectoryProblem, String)] = [
      (.unnamed, "no location for the state directory: set HOME, or use --state-dir"),
      (
        .cannotCreate("/var", .readOnlyFileSystem),
        "cannot create the state directory: /var: Read-only file system"
      ),
      (
        .cannotOpen(path, .permissionDenied),
        "cannot open the state directory /var/lib/connreap: Permission denied"
      ),
      (
        .symbolicLink(path),
        "the state directory /var/lib/connreap is a symbolic link: "
          + "name the directory itself with --state-dir"
      ),
      (
        .notADirectory(path),
        "the state directory /var/lib/connreap is not a directory: "
          + "choose another with --state-dir"
      ),
      (
        .wrongOwner(path, owner: 7, user: 0),
        "the state directory /var/lib/connreap belongs to uid 7, but connreap runs as uid 0: "
          + "choose another with --state-dir, or chown 0 /var/lib/connreap"
      ),
      (
        .writableByOthers("/a b", FilePermissions(rawValue: 0o1777)),
        "the state directory /a b is writable by others (mode 1777): chmod go-w '/a b'"
      ),
    ]
    for (problem, text) in texts { #expect(problem.description == text) }
  }
}
