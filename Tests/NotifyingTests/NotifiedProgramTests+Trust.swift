import Glibc
import Notifying
import StateFiles
import SystemPackage
import Testing

/// Which programs may be notified.
extension NotifiedProgramTests {
  @Test func missingAndNonExecutableProgramsAreReported() throws {
    let missing = programs.path + "/missing"
    #expect(
      throws: NotificationProblem.untrusted(
        .cannotOpen(FilePath(missing), .noSuchFileOrDirectory))
    ) { try notify([missing]) }
    #expect(throws: NotificationProblem.untrusted(.notRegular(FilePath(programs.path)))) {
      try notify([programs.path])
    }
    let plain = try programs.program("exit 0", mode: .ownerReadWrite)
    #expect(throws: NotificationProblem.untrusted(.notExecutable(FilePath(plain)))) {
      try notify([plain])
    }
  }

  /// Creates an executable file with this text.
  func file(_ text: String) throws -> String {
    let path = programs.path + "/program"
    let descriptor = try FileDescriptor.open(
      path, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWriteExecute)
    _ = try descriptor.closeAfter { try descriptor.writeAll(text.utf8) }
    return path
  }

  @Test func scriptsRunWithTheInterpreterOfTheirFirstLine() throws {
    func text(_ script: String, _ arguments: String...) throws -> String {
      String(decoding: try output(of: [try file(script)] + arguments).bytes, as: UTF8.self)
    }
    #expect(try text("#!/bin/sh\necho \"<$1><$2>\"\n", "a b", "") == "<a b><>\n")
    let failing = try file("#! \t/bin/sh  -e \nfalse\nexit 0\n")
    #expect(throws: NotificationProblem.exited(failing, status: 1)) { try notify([failing]) }
    #expect(try text("#!/usr/bin/env sh\necho $1\n", "x") == "x\n")
    #expect(
      try text("#!/usr/bin/python3\nimport sys; print(sys.argv[1:])\n", "1", "2")
        == "['1', '2']\n")
    #expect(try text("#!/usr/bin/env python3\nprint(open(__file__).readline())\n").hasPrefix("#!"))
  }

  @Test func interpretersThatCannotBeCheckedAreRefused() throws {
    func problem(_ script: String) throws -> NotificationProblem? {
      let program = try #require(NotifiedProgram([try file(script)]))
      do throws(NotificationProblem) {
        try program.notify([], timeout: .seconds(20), user: geteuid())
        return nil
      } catch {
        return error
      }
    }
    func refusal(_ problem: InterpreterProblem) -> NotificationProblem {
      .untrusted(.interpreter(of: FilePath(programs.path + "/program"), problem))
    }
    #expect(try problem("#!sh\n") == refusal(.notAbsolute))
    #expect(try problem("#!\n") == refusal(.notAbsolute))
    #expect(try problem("#!/bin/sh") == refusal(.unterminated))
    #expect(try problem("#!/usr/bin/env -S sh -e\n") == refusal(.options("-S sh -e")))
    #expect(try problem("#!/usr/bin/env A=1\n") == refusal(.options("A=1")))
    #expect(
      try problem("#!/usr/bin/env no-such-program\n") == refusal(.notFound("no-such-program")))
    #expect(
      try problem("#!/nowhere/sh\n")
        == .untrusted(.cannotOpen("/nowhere", .noSuchFileOrDirectory)))
    let path = programs.path + "/interpreter"
    let copy = try file("#!/bin/sh\n")
    #expect(rename(copy, path) == 0)
    #expect(try problem("#!\(path)\n") == refusal(.isScript(FilePath(path))))
    #expect(chmod(path, 0o777) == 0)
    #expect(
      try problem("#!\(path)\n")
        == .untrusted(.writableByOthers(FilePath(path), FilePermissions(rawValue: 0o777))))
  }

  @Test(arguments: [[], [""], ["page"], ["./page"], ["~/page"]])
  func onlyAbsolutePathsAreAccepted(words: [String]) {
    #expect(NotifiedProgram(words) == nil)
  }

  @Test(arguments: [FilePermissions(rawValue: 0o722), FilePermissions(rawValue: 0o720)])
  func programsWritableByOthersAreRefused(mode: FilePermissions) throws {
    let path = try programs.program("exit 0", mode: mode)
    #expect(throws: NotificationProblem.untrusted(.writableByOthers(FilePath(path), mode))) {
      try notify([path])
    }
    let fine = try programs.program("exit 0")
    try notify([fine])
    #expect(chmod(programs.path, 0o1777) == 0)
    #expect(
      throws: NotificationProblem.untrusted(
        .writableByOthers(FilePath(programs.path), FilePermissions(rawValue: 0o1777)))
    ) { try notify([fine]) }
  }

  @Test func allParentDirectoriesAreChecked() throws {
    for name in ["a", "a/b", "a/b/c"] { #expect(mkdir("\(programs.path)/\(name)", 0o755) == 0) }
    let path = programs.path + "/a/b/c/program"
    #expect(rename(try programs.program("exit 0"), path) == 0)
    try notify([path])
    for name in ["a", "a/b", "a/b/c"] {
      let directory = "\(programs.path)/\(name)"
      #expect(chmod(directory, 0o775) == 0)
      #expect(
        throws: NotificationProblem.untrusted(
          .writableByOthers(FilePath(directory), FilePermissions(rawValue: 0o775)))
      ) { try notify([path]) }
      #expect(chmod(directory, 0o755) == 0)
    }
    // In a directory like /tmp, nobody can replace a subdirectory of another user.
    guard geteuid() == 0 else { return }
    #expect(chmod(programs.path + "/a", 0o1777) == 0)
    try notify([path])
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func otherUsersMayOwnNoPartOfThePath() throws {
    let directory = programs.path + "/a"
    #expect(mkdir(directory, 0o755) == 0)
    let path = directory + "/program"
    #expect(rename(try programs.program("exit 0"), path) == 0)
    let link = programs.path + "/link"
    #expect(symlink("a/program", link) == 0)
    let directoryLink = programs.path + "/directory"
    #expect(symlink(directory, directoryLink) == 0)
    let paths = [path, link, directoryLink + "/program", directoryLink + "/../link"]
    for path in paths { try notify([path]) }
    for owned in [path, directory] {
      #expect(chown(owned, 1, 1) == 0)
      for path in paths {
        #expect(
          throws: NotificationProblem.untrusted(
            .untrustedOwner(FilePath(owned), owner: 1, user: 0)), "\(path)"
        ) { try notify([path]) }
      }
      try notify([path], user: 1)
      #expect(chown(owned, 0, 0) == 0)
    }
    #expect(lchown(link, 1, 1) == 0)
    #expect(throws: NotificationProblem.self) { try notify([link]) }
    #expect(symlink("circle", programs.path + "/circle") == 0)
    #expect(
      throws: NotificationProblem.untrusted(
        .cannotOpen(FilePath(programs.path + "/circle"), .tooManySymbolicLinkLevels))
    ) { try notify([programs.path + "/circle"]) }
  }

  /// A user swaps the directory that contains root's program with one that contains their own.
  @Test(.enabled(if: geteuid() == 0, "needs root")) func usersCannotSwapTheProgram() throws {
    #expect(chmod(programs.path, 0o755) == 0)
    let base = programs.path + "/users"
    #expect(mkdir(base, 0o755) == 0)
    for name in ["real", "fake"] { #expect(mkdir("\(base)/\(name)", 0o755) == 0) }
    let good = "echo good >> \(programs.path)/output"
    #expect(rename(try programs.program(good), base + "/real/program") == 0)
    let evil = base + "/fake/program"
    #expect(rename(try programs.program("touch \(programs.path)/evil"), evil) == 0)
    for path in [base, base + "/fake", evil] { #expect(chown(path, 1000, 1000) == 0) }
    #expect(symlink("users/real/program", programs.path + "/link") == 0)
    let swapping = fork(swappingIn: base)
    defer {
      kill(swapping, SIGKILL)
      waitpid(swapping, nil, 0)
    }
    for _ in 0..<60 {
      for path in [base + "/real/program", programs.path + "/link"] {
        #expect(throws: NotificationProblem.self) { try notify([path]) }
      }
    }
    #expect(access(programs.path + "/evil", F_OK) != 0)
    #expect(
      access(programs.path + "/output", F_OK) != 0, "root's program was not run, either")
  }

  /// Starts a process of uid 1000 that swaps `real` and `fake` repeatedly, for at most 60 s.
  func fork(swappingIn base: String) -> pid_t {
    let script = """
      import os, time
      os.setgroups([]); os.setgid(1000); os.setuid(1000); os.chdir("\(base)")
      end = time.time() + 60
      while time.time() < end:
          try:
              os.rename("real", "tmp"); os.rename("fake", "real"); os.rename("tmp", "fake")
          except OSError: time.sleep(0.001)
      """
    var pid: pid_t = 0
    let texts: [String] = ["/usr/bin/python3", "-c", script]
    let words = texts.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    #expect(posix_spawn(&pid, "/usr/bin/python3", nil, nil, words, environ) == 0)
    return pid
  }

  @Test func everyProblemHasAMessage() {
    let problems: [(NotificationProblem, String)] = [
      (.cannotStart("/bin/page", .permissionDenied), "cannot run /bin/page: "),
      (.late("/bin/page", .seconds(10)), "/bin/page did not finish within 10.0 seconds"),
      (.exited("/bin/page", status: 3), "/bin/page exited with status 3"),
      (.killed("/bin/page", signal: 9), "/bin/page was killed by signal 9"),
      (.stopped("/bin/page"), "/bin/page was killed before it finished"),
      (.untrusted(.notRegular("/bin/page")), "/bin/page is not a regular file"),
      (
        .untrusted(.interpreter(of: "/bin/page", .options("-S sh"))),
        "the first line of /bin/page runs env with \"-S sh\": "
      ),
      (
        .untrusted(.interpreter(of: "/bin/page", .unterminated)),
        "the first line of /bin/page does not end"
      ),
      (.untrusted(.interpreter(of: "/bin/page", .notAbsolute)), "the first line of /bin/page does"),
      (
        .untrusted(.untrustedOwner("/bin", owner: 7, user: 0)),
        "/bin belongs to uid 7, who could replace the program: chown 0 /bin"
      ),
    ]
    for (problem, text) in problems { #expect("\(problem)".hasPrefix(text)) }
  }
}
