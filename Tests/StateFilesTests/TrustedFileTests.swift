import Glibc
import StateFiles
import SystemPackage
import Testing

@Suite struct TrustedFileTests {
  private func text(
    _ path: FilePath, asRoot: Bool = false, limit: Int = TrustedFile.defaultLimit
  ) throws -> String {
    String(decoding: try TrustedFile.read(path, asRoot: asRoot, limit: limit), as: UTF8.self)
  }

  @Test func filesAreReadCompletely() throws {
    let temporary = try TemporaryDirectory()
    let long = String(repeating: "version: 1\n", count: 20_000)
    #expect(try text(try temporary.write(long, to: "long")) == long)
    #expect(try text(try temporary.write("", to: "empty")) == "")
    #expect(try text("/proc/sys/kernel/ostype") == "Linux\n", "the size in stat is 0 there")
  }

  @Test(.enabled(if: access("Package.swift", R_OK) == 0, "must run in the package's directory"))
  func bareNamesWork() throws {
    #expect(try !TrustedFile.read("Package.swift", asRoot: false).isEmpty)
  }

  @Test func filesAboveTheLimitAreRefused() throws {
    let temporary = try TemporaryDirectory()
    let path = try temporary.write("12345678", to: "file")
    #expect(try text(path, limit: 8) == "12345678")
    #expect(throws: TrustedFileProblem.tooLarge(path, limit: 7)) { try text(path, limit: 7) }
    #expect(TrustedFile.defaultLimit == 1_048_576)
  }

  @Test(.timeLimit(.minutes(1)))
  func onlyRegularFilesAreRead() throws {
    let temporary = try TemporaryDirectory()
    let fifo = temporary("fifo")
    try check(mkfifo(fifo.string, 0o600))
    for (path, type) in [
      (fifo, FileType.fifo), (temporary.path, .directory), ("/dev/null", .characterSpecial),
      ("/dev/zero", .characterSpecial),
    ] {
      #expect(throws: TrustedFileProblem.notRegular(path, type)) { try text(path) }
    }
    #expect(throws: TrustedFileProblem.notRegular("/")) { try text("/") }
    let program = """
      import socket, sys
      socket.socket(socket.AF_UNIX).bind(sys.argv[1])
      """
    try #require(try Child(["python3", "-c", program, temporary("socket").string]).wait() == 0)
    #expect(throws: TrustedFileProblem.notRegular(temporary("socket"), .socket)) {
      try text(temporary("socket"))
    }
  }

  @Test func missingFilesAreAnError() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary("missing")
    #expect(throws: TrustedFileProblem.cannotOpen(path, .noSuchFileOrDirectory)) {
      try text(path)
    }
    #expect(throws: TrustedFileProblem.cannotOpen(path, .noSuchFileOrDirectory)) {
      try text(path.appending("file"))
    }
    let file = try temporary.write("", to: "file")
    #expect(throws: TrustedFileProblem.cannotOpen(file, .notDirectory)) {
      try text(file.appending("below"))
    }
  }

  @Test func onlyOrdinaryUsersFollowLinks() throws {
    let temporary = try TemporaryDirectory()
    try temporary.write("text", to: "real")
    try check(symlink("real", temporary("link").string))
    #expect(try text(temporary("link")) == "text")
    if isRoot {
      #expect(throws: TrustedFileProblem.symbolicLink(temporary("link"))) {
        try text(temporary("link"), asRoot: true)
      }
    }
    try check(symlink("loop", temporary("loop").string))
    #expect(
      throws: TrustedFileProblem.cannotOpen(temporary("loop"), .tooManySymbolicLinkLevels)
    ) { try text(temporary("loop")) }
  }
}

@Suite(.enabled(if: isRoot, "needs root"))
struct TrustedFileAsRootTests {
  private func read(_ path: FilePath) throws {
    _ = try TrustedFile.read(path, asRoot: true)
  }

  @Test func filesOfRootMayBeWorldReadable() throws {
    let temporary = try TemporaryDirectory()
    try read(try temporary.write("", to: "file", mode: 0o644))
    try check(chmod(temporary.path.string, 0o755))
    try read(temporary("file"))
  }

  @Test func filesMustBelongToRoot() throws {
    let temporary = try TemporaryDirectory()
    let path = try temporary.write("", to: "file")
    try check(chown(path.string, 1234, 0))
    #expect(throws: TrustedFileProblem.notOwnedByRoot(path, owner: 1234)) { try read(path) }
    _ = try TrustedFile.read(path, asRoot: false)
  }

  @Test(arguments: [0o620, 0o602, 0o666, 0o664] as [mode_t])
  func filesMustBeWritableByRootOnly(mode: mode_t) throws {
    let temporary = try TemporaryDirectory()
    let path = try temporary.write("", to: "file", mode: mode)
    #expect(
      throws: TrustedFileProblem.writableByOthers(path, FilePermissions(rawValue: mode))
    ) { try read(path) }
    _ = try TrustedFile.read(path, asRoot: false)
  }

  @Test func directoriesMustBelongToRoot() throws {
    let temporary = try TemporaryDirectory()
    let path = try temporary.write("", to: "file")
    try check(chown(temporary.path.string, 1234, 0))
    #expect(throws: TrustedFileProblem.notOwnedByRoot(temporary.path, owner: 1234)) {
      try read(path)
    }
    _ = try TrustedFile.read(path, asRoot: false)
  }

  /// The sticky bit of /tmp keeps others from replacing the file, but not from adding one.
  @Test(arguments: [0o770, 0o703, 0o1777] as [mode_t])
  func directoriesMustBeWritableByRootOnly(mode: mode_t) throws {
    let temporary = try TemporaryDirectory()
    let path = try temporary.write("", to: "file")
    try check(chmod(temporary.path.string, mode))
    #expect(
      throws: TrustedFileProblem.writableByOthers(
        temporary.path, FilePermissions(rawValue: mode))
    ) { try read(path) }
  }

  @Test func linkedDirectoriesAreCheckedThemselves() throws {
    let temporary = try TemporaryDirectory()
    try check(mkdir(temporary("real").string, 0o700))
    try check(chown(temporary("real").string, 1234, 0))
    try check(symlink("real", temporary("link").string))
    try temporary.write("", to: "real/file")
    #expect(throws: TrustedFileProblem.notOwnedByRoot(temporary("link"), owner: 1234)) {
      try read(temporary("link/file"))
    }
  }
}

@Suite struct TrustedFileProblemTests {
  @Test func messagesNameTheCauseAndTheRemedy() {
    let path: FilePath = "/etc/connreap/leaks.yaml"
    let texts: [(TrustedFileProblem, String)] = [
      (.cannotOpen(path, .permissionDenied), "cannot open \(path): Permission denied"),
      (.cannotRead(path, .ioError), "cannot read \(path): Input/output error"),
      (.notRegular(path), "\(path) is not a regular file"),
      (.notRegular(path, .fifo), "\(path) is a FIFO, not a regular file"),
      (
        .symbolicLink(path),
        "\(path) is a symbolic link, which root does not follow: name the file itself"
      ),
      (.tooLarge(path, limit: 9), "\(path) is larger than 9 bytes"),
      (
        .notOwnedByRoot(path, owner: 1000),
        "\(path) belongs to uid 1000, but root trusts only its own files: chown root \(path)"
      ),
      (
        .writableByOthers(path, FilePermissions(rawValue: 0o64)),
        "\(path) is writable by others (mode 0064): chmod go-w \(path)"
      ),
    ]
    for (problem, text) in texts { #expect(problem.description == text) }
  }

  @Test(arguments: [
    ("/plain-1.2/a_b", "/plain-1.2/a_b"), ("/a b", "'/a b'"), ("/it's", #"'/it'\''s'"#),
    ("/$(reboot)", "'/$(reboot)'"), ("-rf", "'-rf'"), ("/é", "'/é'"),
  ])
  func pathsInCommandsAreSafeToPaste(path: String, word: String) {
    let text = TrustedFileProblem.notOwnedByRoot(FilePath(path), owner: 1).description
    #expect(text.hasSuffix("chown root \(word)"))
  }
}
