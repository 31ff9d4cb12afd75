import Glibc
import SystemPackage
import Testing

@testable import StateFiles

/// A log that is moved, deleted or compressed while it is being written.
@Suite struct AuditLogRotationTests {
  private func line(_ number: Int) -> String {
    let digits = String(number)
    return "{\"time\":\"2026-11-29T00:00:00."
      + String(repeating: "0", count: 9 - digits.count) + digits + "Z\",\"n\":\(number)}\n"
  }

  /// The numbers in all logs of `directory`, in order, without repetitions.
  private func numbers(in directory: FilePath) throws -> [Int] {
    var numbers: [Int] = []
    var repeated = RepeatedLines()
    for file in try AuditLogFiles(in: directory).all {
      var reader = try AuditLogReader(file)
      repeated.startFile()
      while let line = try reader.next() {
        guard case .whole(let bytes) = line else { continue }
        guard !repeated.contains(bytes) else { continue }
        let text = String(decoding: bytes, as: UTF8.self)
        numbers.append(try #require(Int(text.split(separator: ":").last?.dropLast() ?? "")))
      }
    }
    return numbers
  }

  private func text(_ path: FilePath) throws -> String {
    String(decoding: try InputFile.read(path.string, limit: 1 << 20), as: UTF8.self)
  }

  @Test func movedOrDeletedLogsAreRecreated() throws {
    let directory = try TemporaryDirectory()
    let log = try AuditLog(in: StateDirectory(openingOrCreating: directory.path))
    try log.append(Array(line(1).utf8))
    try check(rename(directory("audit.jsonl").string, directory("audit.jsonl.1").string))
    try log.append(Array(line(2).utf8))
    #expect(try text(directory("audit.jsonl.1")) == line(1))
    #expect(try text(directory("audit.jsonl")) == line(2))
    try check(unlink(directory("audit.jsonl").string))
    try log.append(Array(line(3).utf8))
    #expect(try text(directory("audit.jsonl")) == line(3))
    // Another file with the name, as created by logrotate's 'create'.
    try check(rename(directory("audit.jsonl").string, directory("audit.jsonl.0").string))
    try directory.write("", to: "audit.jsonl")
    try log.append(Array(line(4).utf8))
    #expect(try text(directory("audit.jsonl")) == line(4))
    // Truncated, as by 'copytruncate'.
    try check(truncate(directory("audit.jsonl").string, 0))
    try log.append(Array(line(5).utf8))
    #expect(try text(directory("audit.jsonl")) == line(5))
  }

  @Test func linksThatReplaceAMovedLogAreNotFollowed() throws {
    let directory = try TemporaryDirectory()
    let log = try AuditLog(in: StateDirectory(openingOrCreating: directory.path))
    try check(rename(directory("audit.jsonl").string, directory("audit.jsonl.1").string))
    try check(symlink(directory("elsewhere").string, directory("audit.jsonl").string))
    do {
      try log.append(Array(line(1).utf8))
      Issue.record("the link was followed")
    } catch {
      #expect(error.errno == .tooManySymbolicLinkLevels)
    }
    #expect(access(directory("elsewhere").string, F_OK) != 0)
  }

  @Test func movedDirectoriesAreStillWrittenTo() throws {
    let directory = try TemporaryDirectory()
    let state = directory("state")
    let log = try AuditLog(in: StateDirectory(openingOrCreating: state))
    try check(rename(state.string, directory("moved").string))
    try check(mkdir(state.string, 0o700))
    try log.append(Array(line(1).utf8))
    #expect(try text(directory("moved").appending("audit.jsonl")) == line(1))
    #expect(access(state.appending("audit.jsonl").string, F_OK) != 0)
  }

  @Test(
    .enabled(if: access("/usr/sbin/logrotate", X_OK) == 0, "needs logrotate"),
    arguments: ["", "dateext\n dateformat -%Y%m%d-%s\n", "delaycompress\n", "create 0600\n"])
  func logrotateDuringARunLosesNoLines(options: String) async throws {
    let directory = try TemporaryDirectory()
    try check(mkdir(directory("state").string, 0o700))
    let path = directory("state").string
    let script = directory.path.string + "/rotate.conf"
    try directory.write(
      "\"\(path)/audit.jsonl\" {\n rotate 1000\n compress\n missingok\n \(options)}\n",
      to: "rotate.conf")
    let rotated = directory("done")
    let rotation = try Child([
      "bash", "-c",
      """
      for i in $(seq 12); do
        /usr/sbin/logrotate -f -s "$0.state" "$0"
        case $(cat "$0") in *dateext*) sleep 1.05;; esac
      done
      touch "$1"
      """, script, rotated.string,
    ])
    var count = 0
    do {
      let log = try AuditLog(in: StateDirectory(openingOrCreating: FilePath(path)))
      let deadline = ContinuousClock.now + .seconds(120)
      while access(rotated.string, F_OK) != 0, ContinuousClock.now < deadline {
        for _ in 0..<50 {
          count += 1
          try log.append(Array(line(count).utf8))
        }
        usleep(1000)
      }
    }
    rotation.wait()
    let found = try numbers(in: FilePath(path))
    #expect(Set(found) == Set(1...count))
    #expect(found.count == count, "each is there once")
    #expect(try AuditLogFiles(in: FilePath(path)).rotated.count > 2)
  }

  // MARK: - Names

  @Test(arguments: [
    ("audit.jsonl.1", [-1]), ("audit.jsonl.12.gz", [-12]), ("audit.jsonl-20261128", [20_261_128]),
    ("audit.jsonl-20261128.gz", [20_261_128]), ("audit.jsonl-2026112813", [2_026_112_813]),
    ("audit.jsonl-1795000000.gz", [1_795_000_000]), ("audit.jsonl.2026-11-28", [2026, 11, 28]),
    ("audit.jsonl-20261128-130501", [20_261_128, 130_501]),
    ("audit.jsonl-2026112813.backup", [2_026_112_813]),
  ])
  func namesOfRotatedLogsAreRecognized(name: String, order: [Int]) throws {
    let found = try #require(RotatedName(name))
    #expect(found.order == order && found.canBeRead)
    #expect(found.isGzip == name.hasSuffix(".gz"))
  }

  @Test(arguments: [
    "audit.jsonl", "audit.jsonl.gz", "audit.jsonl.bak", "audit.jsonl~", "audit.jsonl.1.swp",
    "audit.json", "audit.jsonl1", "audit.jsonl.tmp", "connreap.db", "audit.jsonl.1.gz.tmp",
  ])
  func otherNamesAreIgnored(name: String) {
    #expect(RotatedName(name) == nil)
  }

  @Test func logsAreOrderedByTheirEntries() throws {
    let directory = try TemporaryDirectory()
    for (number, name) in [
      (1, "audit.jsonl.10"), (2, "audit.jsonl.9"), (3, "audit.jsonl-20261101"),
      (4, "audit.jsonl.2"), (5, "audit.jsonl-20261102-101010"), (6, "audit.jsonl"),
    ] {
      try directory.write(line(number), to: name)
    }
    #expect(try numbers(in: directory.path) == [1, 2, 3, 4, 5, 6])
    try directory.write("x", to: "audit.jsonl.3.xz")
    let files = try AuditLogFiles(in: directory.path)
    #expect(files.unreadable == [directory("audit.jsonl.3.xz")])
    #expect(files.current?.path == directory("audit.jsonl"))
  }

  @Test func logsBeingCompressedAreReadOnce() throws {
    let directory = try TemporaryDirectory()
    try directory.write(line(1) + line(2), to: "audit.jsonl.1")
    try directory.write("\u{1f}", to: "audit.jsonl.1.gz")
    #expect(try numbers(in: directory.path) == [1, 2])
    try check(link(directory("audit.jsonl.1").string, directory("audit.jsonl").string))
    #expect(try numbers(in: directory.path) == [1, 2], "one file with two names")
  }

  @Test func missingDirectoriesHaveNoLogs() throws {
    let directory = try TemporaryDirectory()
    #expect(try AuditLogFiles(in: directory("no")).all.isEmpty)
  }

  @Test func onlyLinesAtTheBoundaryAreRepetitions() {
    var repeated = RepeatedLines()
    func isRepeated(_ text: String) -> Bool { repeated.contains(Array(text.utf8)[...]) }
    #expect(!isRepeated("a") && !isRepeated("b"))
    #expect(!isRepeated("a"), "nothing is skipped within one log")
    repeated.startFile()
    #expect(!isRepeated("c") && isRepeated("b") && isRepeated("a") && !isRepeated("d"))
    repeated.startFile()
    #expect(isRepeated("d"))
    for number in 0..<10_000 { #expect(!isRepeated("\(number)")) }
    repeated.startFile()
    #expect(!isRepeated("5") && isRepeated("9999"))
  }
}
