import Glibc
import Notifying
import StateFiles
import SystemPackage
import Testing

/// A directory with a test's programs, deleted at the end of this value's lifetime.
private final class Programs {
  let path: String

  init() throws {
    var template = Array("/tmp/connreap-notify-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    var directories = [path]
    while let directory = directories.popLast() { Self.remove(directory, &directories) }
  }

  /// Removes a directory, or queues its subdirectories to be removed first.
  private static func remove(_ directory: String, _ directories: inout [String]) {
    guard let stream = opendir(directory) else { return }
    defer { closedir(stream) }
    var inner: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != ".." else { continue }
      if unlink("\(directory)/\(name)") != 0, errno == EISDIR {
        inner.append("\(directory)/\(name)")
      }
    }
    if inner.isEmpty { rmdir(directory) } else { directories += [directory] + inner }
  }

  /// Creates a shell script.
  func program(_ lines: String, mode: FilePermissions = [.ownerReadWriteExecute]) throws -> String {
    let file = "\(path)/program"
    let descriptor = try FileDescriptor.open(
      file, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWriteExecute)
    _ = try descriptor.closeAfter { try descriptor.writeAll("#!/bin/sh\n\(lines)\n".utf8) }
    guard chmod(file, mode.rawValue) == 0 else { throw Errno(rawValue: errno) }
    return file
  }

  /// What a program wrote to the file `output`.
  var output: String {
    get throws {
      let file = try FileDescriptor.open("\(path)/output", .readOnly)
      return try file.closeAfter {
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
          let count = try part.withUnsafeMutableBytes { try file.read(into: $0) }
          guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
          bytes += part[..<count]
        }
      }
    }
  }
}

/// Tests of notified programs. They run one at a time, because this process adopts the orphans of
/// all of them.
@Suite(.serialized) struct NotifiedProgramTests {
  private let programs: Programs

  init() throws { programs = try Programs() }

  private func notify(
    _ words: [String], _ input: String = "hello", milliseconds: Int = 20_000,
    user: UInt32 = geteuid(), isStopped: () -> Bool = { false },
    reporting: (ProgramOutput) -> Void = { _ in }
  ) throws {
    let program = try #require(NotifiedProgram(words))
    try program.notify(
      Array(input.utf8), timeout: .milliseconds(milliseconds), user: user, isStopped: isStopped,
      reporting: reporting)
  }

  /// The output of a program.
  private func output(of words: [String], milliseconds: Int = 20_000) throws -> ProgramOutput {
    var output: ProgramOutput?
    try notify(words, milliseconds: milliseconds, reporting: { output = $0 })
    return try #require(output)
  }

  /// Waits until a process has ended or is a zombie.
  private func isGone(_ pid: Int32) throws -> Bool {
    for _ in 0..<500 {
      if try kill(pid, 0) != 0 || state(of: pid) == "Z" { return true }
      usleep(10_000)
    }
    return false
  }

  /// The number that a program wrote to a file.
  private func number(in name: String) throws -> Int32 {
    let file = try FileDescriptor.open("\(programs.path)/\(name)", .readOnly)
    return try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: 32)
      let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return try #require(Int32(String(decoding: bytes[..<count].dropLast(), as: UTF8.self)))
    }
  }

  @Test func theReportArrivesOnStandardInput() throws {
    let program = try programs.program("cat > \(programs.path)/output")
    try notify([program], "{\"event\":\"leak\"}\n")
    #expect(try programs.output == "{\"event\":\"leak\"}\n")
  }

  @Test func reportsLargerThanAnyBufferArriveComplete() throws {
    let program = try programs.program("sleep 0.1; cat > \(programs.path)/output")
    let input = String(repeating: "0123456789abcdef", count: 1 << 17)
    try notify([program], input)
    #expect(try programs.output == input)
  }

  @Test func programsNeedNotReadTheirInput() throws {
    let program = try programs.program("exit 0")
    let start = ContinuousClock.now
    try notify([program], String(repeating: "x", count: 1 << 22))
    #expect(ContinuousClock.now - start < .seconds(15), "and nothing waits for it")
  }

  @Test func noShellInterpretsTheArguments() throws {
    let program = try programs.program("printf '<%s>' \"$@\" > \(programs.path)/output")
    try notify([program, "a b", "$(id)", "; exit 3", "", "*", "é\n\u{1b}[2J"])
    #expect(try programs.output == "<a b><$(id)><; exit 3><><*><é\n\u{1b}[2J>")
  }

  @Test func theEnvironmentIsAPathAndAMark() throws {
    let program = try programs.program(
      "tr '\\0' '\\n' < /proc/$$/environ > \(programs.path)/output")
    setenv("CONNREAP_TEST_SECRET", "1", 1)
    try notify([program])
    let lines = try programs.output.split(separator: "\n").sorted()
    #expect(lines.count == 2)
    #expect(lines.first?.contains(/^CONNREAP_NOTIFICATION=[0-9a-f]+$/) == true)
    #expect(lines.last == "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
  }

  @Test func onlyTheStandardStreamsAreOpen() throws {
    let program = try programs.program("ls /proc/self/fd > \(programs.path)/output")
    let directory = try FileDescriptor.open("/", .readOnly, options: .closeOnExec)
    defer { try? directory.close() }
    try notify([program])
    // The interpreter has the script open, and ls opens the directory itself.
    #expect(try programs.output.split(separator: "\n").count <= 5)
    let binary = try output(of: ["/bin/ls", "/proc/self/fd"])
    #expect(String(decoding: binary.bytes, as: UTF8.self).split(separator: "\n").count <= 4)
  }

  @Test func exitStatusesAreReported() throws {
    let program = try programs.program("exit 7")
    #expect(throws: NotificationProblem.exited(program, status: 7)) { try notify([program]) }
    let killed = try programs.program("kill -TERM $$")
    #expect(throws: NotificationProblem.killed(program, signal: SIGTERM)) { try notify([killed]) }
  }

  @Test func programsThatTimeOutAreKilledWithTheirChildren() throws {
    let program = try programs.program("sleep 60 & echo $! > \(programs.path)/pid; sleep 60")
    let start = ContinuousClock.now
    #expect(throws: NotificationProblem.late(program, .milliseconds(400))) {
      try notify([program], milliseconds: 400)
    }
    #expect(ContinuousClock.now - start < .seconds(30))
    #expect(try isGone(number(in: "pid")))
  }

  private func state(of pid: Int32) throws -> Substring? {
    guard let file = try? FileDescriptor.open("/proc/\(pid)/stat", .readOnly) else { return "Z" }
    return try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: 512)
      let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return String(decoding: bytes[..<count], as: UTF8.self).split(separator: ") ").last?.prefix(1)
    }
  }

  /// Each line leaves the process group, the session, or its parent.
  @Test(arguments: [
    "setsid sleep 60 & echo $! > PID",
    "( setsid sh -c 'echo $$ > PID; exec sleep 60' & )",
    "( ( sleep 60 & echo $! > PID ) & )",
    "python3 -c 'import os,time; os.setpgid(0,0); open(\"PID\",\"w\").write(\"%d\\n\" % os.getpid()); time.sleep(60)' &",
  ])
  func descendantsAreKilledInAnySession(line: String) throws {
    let line = line.replacing("PID", with: programs.path + "/pid")
    let waiting = "for i in $(seq 500); do [ -s \(programs.path)/pid ] && break; sleep 0.02; done"
    let left = try output(of: [try programs.program(line + "\n" + waiting)])
    #expect(left.leftoverProcesses >= 1)
    #expect(try isGone(number(in: "pid")))
    #expect(unlink(programs.path + "/pid") == 0)
    let endless = try programs.program(line + "\nsleep 60")
    #expect(throws: NotificationProblem.stopped(endless)) {
      try notify([endless], isStopped: { (try? number(in: "pid")) != nil })
    }
    #expect(try isGone(number(in: "pid")))
  }

  /// The first process of a container has such children, whose parents have ended.
  @Test func otherChildrenOfThisProcessAreSpared() throws {
    var others: [pid_t] = []
    defer {
      for pid in others {
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
      }
    }
    func start(_ words: [String]) -> pid_t {
      let words = words.map { strdup($0) } + [nil]
      defer { for word in words { free(word) } }
      var pid: pid_t = 0
      #expect(posix_spawnp(&pid, "/usr/bin/env", nil, nil, [strdup("env")] + words, environ) == 0)
      others.append(pid)
      return pid
    }
    let ended = start(["sh", "-c", "exit 7"])
    let program = try programs.program("( sleep 60 & ) ; sleep 0.2")
    var started = false
    var output: ProgramOutput?
    try notify(
      [program],
      isStopped: {
        // Children younger than the program, which do not belong to it.
        if !started {
          _ = start(["sh", "-c", "exec sleep 60"])
          _ = start(["setsid", "sleep", "60"])
        }
        started = true
        return false
      }, reporting: { output = $0 })
    #expect(output?.leftoverProcesses == 1)
    let other = try #require(others.last)
    #expect(other > 0 && kill(other, 0) == 0 && waitpid(other, nil, WNOHANG) == 0)
    #expect(others.count == 3 && kill(others[1], 0) == 0)
    var status: Int32 = 0
    #expect(waitpid(ended, &status, 0) == ended && status >> 8 & 0xff == 7)
  }

  @Test func processesThatKeepTheOutputOpenAreNotWaitedFor() throws {
    let program = try programs.program("echo before; setsid sleep 60 &")
    let start = ContinuousClock.now
    let left = try output(of: [program])
    #expect(String(decoding: left.bytes, as: UTF8.self) == "before\n")
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test func outputIsKeptUpToALimit() throws {
    let both = try output(of: [try programs.program("echo one; echo two >&2; echo three")])
    #expect(String(decoding: both.bytes, as: UTF8.self) == "one\ntwo\nthree\n")
    #expect(!both.isCut && both.leftoverProcesses == 0)
    let much = try output(of: [
      try programs.program("head -c 3000000 /dev/zero; cat > \(programs.path)/output")
    ])
    #expect(much.bytes.count == ProgramOutput.limit && much.isCut)
    #expect(try programs.output == "hello", "the program did not block on its output")
  }

  @Test func stoppingTheRunKillsTheProgram() throws {
    let program = try programs.program("echo $$ > \(programs.path)/pid; sleep 60")
    let start = ContinuousClock.now
    #expect(throws: NotificationProblem.stopped(program)) {
      try notify(
        [program], isStopped: { (try? number(in: "pid")) != nil })
    }
    #expect(ContinuousClock.now - start < .seconds(15))
    #expect(try isGone(number(in: "pid")))
  }

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
  private func file(_ text: String) throws -> String {
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
  private func fork(swappingIn base: String) -> pid_t {
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
