import Glibc
import Notifying
import StateFiles
import SystemPackage
import Testing

/// A folder with programs of a test's own, removed with this value.
private final class Programs {
  let path: String

  init() throws {
    var template = Array("/tmp/connreap-notify-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  deinit {
    for name in ["program", "output", "link", "pid"] { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// Makes a shell script.
  func program(_ lines: String, mode: FilePermissions = [.ownerReadWriteExecute]) throws -> String {
    let file = "\(path)/program"
    let descriptor = try FileDescriptor.open(
      file, .writeOnly, options: [.create, .truncate], permissions: .ownerReadWriteExecute)
    _ = try descriptor.closeAfter { try descriptor.writeAll("#!/bin/sh\n\(lines)\n".utf8) }
    guard chmod(file, mode.rawValue) == 0 else { throw Errno(rawValue: errno) }
    return file
  }

  /// What a program has written to `output`.
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

/// A program that is told something, and what can be wrong with it.
@Suite struct NotifiedProgramTests {
  private let programs: Programs

  init() throws { programs = try Programs() }

  private func tell(
    _ words: [String], _ input: String = "hello", milliseconds: Int = 5000, asRoot: Bool = false
  ) throws {
    let program = try #require(NotifiedProgram(words))
    try program.tell(Array(input.utf8), timeout: .milliseconds(milliseconds), asRoot: asRoot)
  }

  @Test func readsTheReportOnItsStandardInput() throws {
    let program = try programs.program("cat > \(programs.path)/output")
    try tell([program], "{\"event\":\"leak\"}\n")
    #expect(try programs.output == "{\"event\":\"leak\"}\n")
  }

  @Test func aReportLargerThanAnyBufferArrivesWhole() throws {
    let program = try programs.program("sleep 0.1; cat > \(programs.path)/output")
    let input = String(repeating: "0123456789abcdef", count: 1 << 17)
    try tell([program], input)
    #expect(try programs.output == input)
  }

  @Test func aProgramThatReadsNothingHarmsNobody() throws {
    let program = try programs.program("exit 0")
    let start = ContinuousClock.now
    try tell([program], String(repeating: "x", count: 1 << 22))
    #expect(ContinuousClock.now - start < .seconds(3), "nor is it waited for")
  }

  @Test func argumentsAreWordsAndNoShellReadsThem() throws {
    let program = try programs.program("printf '<%s>' \"$@\" > \(programs.path)/output")
    try tell([program, "a b", "$(id)", "; exit 3", "", "*", "é\n\u{1b}[2J"])
    #expect(try programs.output == "<a b><$(id)><; exit 3><><*><é\n\u{1b}[2J>")
  }

  @Test func itsEnvironmentIsAPathAndNothingElse() throws {
    let program = try programs.program(
      "tr '\\0' '\\n' < /proc/$$/environ > \(programs.path)/output")
    setenv("CONNREAP_TEST_SECRET", "1", 1)
    try tell([program])
    #expect(
      try programs.output == "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n")
  }

  @Test func nothingIsOpenInItButItsStandardStreams() throws {
    let program = try programs.program("ls /proc/self/fd > \(programs.path)/output")
    let folder = try FileDescriptor.open("/", .readOnly, options: .closeOnExec)
    defer { try? folder.close() }
    try tell([program])
    // The fourth is that of ls for the folder itself.
    #expect(try programs.output.split(separator: "\n").count <= 4)
  }

  @Test func anExitStatusIsTold() throws {
    let program = try programs.program("exit 7")
    #expect(throws: NotificationProblem.exited(program, status: 7)) { try tell([program]) }
    let killed = try programs.program("kill -TERM $$")
    #expect(throws: NotificationProblem.killed(program, signal: SIGTERM)) { try tell([killed]) }
  }

  @Test func aProgramThatDoesNotEndIsKilledWithItsChildren() throws {
    let program = try programs.program("sleep 60 & echo $! > \(programs.path)/pid; sleep 60")
    let start = ContinuousClock.now
    #expect(throws: NotificationProblem.late(program, .milliseconds(400))) {
      try tell([program], milliseconds: 400)
    }
    #expect(ContinuousClock.now - start < .seconds(5))
    let file = try FileDescriptor.open("\(programs.path)/pid", .readOnly)
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 32)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    let pid = try #require(Int32(String(decoding: bytes[..<count].dropLast(), as: UTF8.self)))
    var isGone = false
    for _ in 0..<200 where !isGone {
      // A zombie whose parent has not looked yet is gone too.
      isGone = try kill(pid, 0) != 0 || state(of: pid) == "Z"
      usleep(10_000)
    }
    #expect(isGone)
  }

  private func state(of pid: Int32) throws -> Substring? {
    guard let file = try? FileDescriptor.open("/proc/\(pid)/stat", .readOnly) else { return "Z" }
    return try file.closeAfter {
      var bytes = [UInt8](repeating: 0, count: 512)
      let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
      return String(decoding: bytes[..<count], as: UTF8.self).split(separator: ") ").last?.prefix(1)
    }
  }

  @Test func whatIsNotThereOrCannotBeRunIsTold() throws {
    let missing = programs.path + "/missing"
    #expect(
      throws: NotificationProblem.untrusted(
        .cannotOpen(FilePath(missing), .noSuchFileOrDirectory))
    ) { try tell([missing]) }
    #expect(throws: NotificationProblem.untrusted(.notRegular("/tmp"))) { try tell(["/tmp"]) }
    let plain = try programs.program("exit 0", mode: .ownerReadWrite)
    #expect(throws: NotificationProblem.cannotStart(plain, .permissionDenied)) { try tell([plain]) }
  }

  @Test(arguments: [[], [""], ["page"], ["./page"], ["~/page"]])
  func onlyAnAbsolutePathNamesAProgram(words: [String]) {
    #expect(NotifiedProgram(words) == nil)
  }

  @Test(.enabled(if: geteuid() == 0, "needs root")) func rootRunsOnlyItsOwn() throws {
    let program = try programs.program("exit 0")
    try tell([program], asRoot: true)
    for mode in [FilePermissions(rawValue: 0o722), FilePermissions(rawValue: 0o720)] {
      let path = try programs.program("exit 0", mode: mode)
      #expect(
        throws: NotificationProblem.untrusted(.writableByOthers(FilePath(path), mode))
      ) { try tell([path], asRoot: true) }
      try tell([path])
    }
    _ = try programs.program("exit 0")
    #expect(chown(program, 1, 1) == 0)
    #expect(
      throws: NotificationProblem.untrusted(.notOwnedByRoot(FilePath(program), owner: 1))
    ) { try tell([program], asRoot: true) }
    #expect(symlink(program, programs.path + "/link") == 0)
    #expect(
      throws: NotificationProblem.untrusted(
        .notOwnedByRoot(FilePath(programs.path + "/link"), owner: 1))
    ) { try tell([programs.path + "/link"], asRoot: true) }
    #expect(chown(program, 0, 0) == 0)
    try tell([programs.path + "/link"], asRoot: true)
    #expect(chmod(programs.path, 0o777) == 0)
    #expect(throws: NotificationProblem.self) { try tell([program], asRoot: true) }
  }

  @Test func everyProblemHasWordsForAUser() {
    let problems: [(NotificationProblem, String)] = [
      (.cannotStart("/bin/page", .permissionDenied), "cannot run /bin/page: "),
      (.late("/bin/page", .seconds(10)), "/bin/page did not end within 10.0 seconds"),
      (.exited("/bin/page", status: 3), "/bin/page ended with exit status 3"),
      (.killed("/bin/page", signal: 9), "signal 9 ended /bin/page"),
      (.untrusted(.notRegular("/bin/page")), "/bin/page is not a regular file"),
    ]
    for (problem, text) in problems { #expect("\(problem)".hasPrefix(text)) }
  }
}
