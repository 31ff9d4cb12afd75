import Glibc
import Notifying
import StateFiles
import SystemPackage
import Testing

/// A directory with a test's programs, deleted at the end of this value's lifetime.
final class NotifiedPrograms {
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
  static func remove(_ directory: String, _ directories: inout [String]) {
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
  let programs: NotifiedPrograms

  init() throws { programs = try NotifiedPrograms() }

  func notify(
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
  func output(of words: [String], milliseconds: Int = 20_000) throws -> ProgramOutput {
    var output: ProgramOutput?
    try notify(words, milliseconds: milliseconds, reporting: { output = $0 })
    return try #require(output)
  }

  /// Waits until a process has ended or is a zombie.
  func isGone(_ pid: Int32) throws -> Bool {
    for _ in 0..<500 {
      if try kill(pid, 0) != 0 || state(of: pid) == "Z" { return true }
      usleep(10_000)
    }
    return false
  }

  /// The number that a program wrote to a file.
  func number(in name: String) throws -> Int32 {
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

  func state(of pid: Int32) throws -> Substring? {
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
}
