import Glibc
import StateFiles
import SystemPackage
import Testing

@Suite struct RunLockTests {
  /// Takes the lock and releases it immediately.
  private func takeAndRelease(_ path: FilePath) throws {
    let stateDirectory = try StateDirectory(openingOrCreating: path)
    _ = try RunLock(in: stateDirectory)
  }

  private func holder(of path: FilePath) throws -> Child {
    let program = """
      import fcntl, sys, time
      file = open(sys.argv[1], "a")
      fcntl.flock(file, fcntl.LOCK_EX)
      print("held", flush=True)
      time.sleep(60)
      """
    let child = try Child(["python3", "-c", program, path.appending(RunLock.fileName).string])
    try #require(try child.readLine() == "held")
    return child
  }

  @Test func onlyOneRunHoldsTheLock() throws {
    let temporary = try TemporaryDirectory()
    let held = RunLockProblem.heldByAnotherRun(temporary(RunLock.fileName))
    do {
      let stateDirectory = try StateDirectory(openingOrCreating: temporary.path)
      let lock = try RunLock(in: stateDirectory)
      #expect(throws: held) { try takeAndRelease(temporary.path) }
      #expect(throws: held) { try takeAndRelease(temporary.path) }
      _ = consume lock
    }
    try takeAndRelease(temporary.path)
    try takeAndRelease(temporary.path)
    #expect(held.description == "another run holds the lock \(temporary(RunLock.fileName))")
  }

  @Test func killedHoldersReleaseTheLock() throws {
    let temporary = try TemporaryDirectory()
    let child = try holder(of: temporary.path)
    #expect(throws: RunLockProblem.heldByAnotherRun(temporary(RunLock.fileName))) {
      try takeAndRelease(temporary.path)
    }
    try child.kill()
    try takeAndRelease(temporary.path)
  }

  @Test func otherProgramsCannotTakeTheLock() throws {
    let temporary = try TemporaryDirectory()
    let stateDirectory = try StateDirectory(openingOrCreating: temporary.path)
    let lock = try RunLock(in: stateDirectory)
    let program = """
      import fcntl, sys
      try: fcntl.flock(open(sys.argv[1], "a"), fcntl.LOCK_EX | fcntl.LOCK_NB); print("taken")
      except BlockingIOError: print("held")
      """
    let words = ["python3", "-c", program, temporary(RunLock.fileName).string]
    #expect(try Child(words).readLine() == "held")
    _ = consume lock
    #expect(try Child(words).readLine() == "taken")
  }

  @Test func startedProgramsDoNotInheritTheLock() throws {
    let temporary = try TemporaryDirectory()
    let child: Child
    do {
      let stateDirectory = try StateDirectory(openingOrCreating: temporary.path)
      let lock = try RunLock(in: stateDirectory)
      child = try Child(["sh", "-c", "echo started; exec sleep 60"])
      try #require(try child.readLine() == "started")
      _ = consume lock
    }
    try takeAndRelease(temporary.path)
    try #require(kill(child.pid, 0) == 0, "the program outlived the lock")
  }

  @Test func theLockFileIsPrivate() throws {
    let temporary = try TemporaryDirectory()
    try takeAndRelease(temporary.path)
    let stat = try temporary(RunLock.fileName).stat()
    #expect(stat.type == .regular)
    #expect(stat.permissions.rawValue == 0o600)
  }

  @Test func linksAreNotFollowed() throws {
    let temporary = try TemporaryDirectory()
    try temporary.write("precious", to: "victim")
    try check(symlink("victim", temporary(RunLock.fileName).string))
    #expect(
      throws: RunLockProblem.symbolicLink(temporary(RunLock.fileName))
    ) { try takeAndRelease(temporary.path) }
  }

  @Test(.timeLimit(.minutes(1)))
  func fifosAreRefusedWithoutWaiting() throws {
    let temporary = try TemporaryDirectory()
    let path = temporary(RunLock.fileName)
    try check(mkfifo(path.string, 0o600))
    let problem = RunLockProblem.cannotLock(path, .invalidArgument)
    #expect(throws: problem) { try takeAndRelease(temporary.path) }
    #expect(problem.description == "cannot lock \(path): Invalid argument")
  }
}
