import Glibc
import SystemPackage
import Testing

@testable import StateFiles

/// A log that is moved, deleted and compressed while it is written.
@Suite struct AuditLogRotationTests {
  private func line(_ number: Int) -> String {
    let digits = String(number)
    return "{\"time\":\"2026-11-29T00:00:00."
      + String(repeating: "0", count: 9 - digits.count) + digits + "Z\",\"n\":\(number)}\n"
  }

  /// The numbers in all logs of `folder`, in their order, without repetitions.
  private func numbers(in folder: FilePath) throws -> [Int] {
    var numbers: [Int] = []
    var repeated = RepeatedLines()
    for file in try AuditLogFiles(in: folder).all {
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

  @Test func aLogThatWasMovedOrDeletedIsMadeAgain() throws {
    let folder = try TemporaryFolder()
    let log = try AuditLog(in: StateFolder(openingOrMaking: folder.path))
    try log.append(Array(line(1).utf8))
    try check(rename(folder("audit.jsonl").string, folder("audit.jsonl.1").string))
    try log.append(Array(line(2).utf8))
    #expect(try text(folder("audit.jsonl.1")) == line(1))
    #expect(try text(folder("audit.jsonl")) == line(2))
    try check(unlink(folder("audit.jsonl").string))
    try log.append(Array(line(3).utf8))
    #expect(try text(folder("audit.jsonl")) == line(3))
    // Another file with the name, as 'create' of logrotate makes it.
    try check(rename(folder("audit.jsonl").string, folder("audit.jsonl.0").string))
    try folder.write("", to: "audit.jsonl")
    try log.append(Array(line(4).utf8))
    #expect(try text(folder("audit.jsonl")) == line(4))
    // Cut, as 'copytruncate' does it.
    try check(truncate(folder("audit.jsonl").string, 0))
    try log.append(Array(line(5).utf8))
    #expect(try text(folder("audit.jsonl")) == line(5))
  }

  @Test func aLinkInThePlaceOfALogThatWasMovedIsNotFollowed() throws {
    let folder = try TemporaryFolder()
    let log = try AuditLog(in: StateFolder(openingOrMaking: folder.path))
    try check(rename(folder("audit.jsonl").string, folder("audit.jsonl.1").string))
    try check(symlink(folder("elsewhere").string, folder("audit.jsonl").string))
    do {
      try log.append(Array(line(1).utf8))
      Issue.record("the link was followed")
    } catch {
      #expect(error.errno == .tooManySymbolicLinkLevels)
    }
    #expect(access(folder("elsewhere").string, F_OK) != 0)
  }

  @Test func aDirectoryThatWasMovedIsStillWrittenTo() throws {
    let folder = try TemporaryFolder()
    let state = folder("state")
    let log = try AuditLog(in: StateFolder(openingOrMaking: state))
    try check(rename(state.string, folder("moved").string))
    try check(mkdir(state.string, 0o700))
    try log.append(Array(line(1).utf8))
    #expect(try text(folder("moved").appending("audit.jsonl")) == line(1))
    #expect(access(state.appending("audit.jsonl").string, F_OK) != 0)
  }

  @Test(
    .enabled(if: access("/usr/sbin/logrotate", X_OK) == 0, "needs logrotate"),
    arguments: ["", "dateext\n dateformat -%Y%m%d-%s\n", "delaycompress\n", "create 0600\n"])
  func logrotateDuringARunLosesNothing(options: String) async throws {
    let folder = try TemporaryFolder()
    try check(mkdir(folder("state").string, 0o700))
    let path = folder("state").string
    let script = folder.path.string + "/rotate.conf"
    try folder.write(
      "\"\(path)/audit.jsonl\" {\n rotate 1000\n compress\n missingok\n \(options)}\n",
      to: "rotate.conf")
    let rotated = folder("done")
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
      let log = try AuditLog(in: StateFolder(openingOrMaking: FilePath(path)))
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
    #expect(found.count == count, "and each is there once")
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
  func namesOfLogsThatWerePutAside(name: String, order: [Int]) throws {
    let found = try #require(RotatedName(name))
    #expect(found.order == order && found.canBeRead)
    #expect(found.isGzip == name.hasSuffix(".gz"))
  }

  @Test(arguments: [
    "audit.jsonl", "audit.jsonl.gz", "audit.jsonl.bak", "audit.jsonl~", "audit.jsonl.1.swp",
    "audit.json", "audit.jsonl1", "audit.jsonl.tmp", "connreap.db", "audit.jsonl.1.gz.tmp",
  ])
  func otherNamesAreNone(name: String) {
    #expect(RotatedName(name) == nil)
  }

  @Test func theOrderIsThatOfTheEntries() throws {
    let folder = try TemporaryFolder()
    for (number, name) in [
      (1, "audit.jsonl.10"), (2, "audit.jsonl.9"), (3, "audit.jsonl-20261101"),
      (4, "audit.jsonl.2"), (5, "audit.jsonl-20261102-101010"), (6, "audit.jsonl"),
    ] {
      try folder.write(line(number), to: name)
    }
    #expect(try numbers(in: folder.path) == [1, 2, 3, 4, 5, 6])
    try folder.write("x", to: "audit.jsonl.3.xz")
    let files = try AuditLogFiles(in: folder.path)
    #expect(files.unreadable == [folder("audit.jsonl.3.xz")])
    #expect(files.current?.path == folder("audit.jsonl"))
  }

  @Test func aLogThatIsBeingCompressedIsReadOnce() throws {
    let folder = try TemporaryFolder()
    try folder.write(line(1) + line(2), to: "audit.jsonl.1")
    try folder.write("\u{1f}", to: "audit.jsonl.1.gz")
    #expect(try numbers(in: folder.path) == [1, 2])
    try check(link(folder("audit.jsonl.1").string, folder("audit.jsonl").string))
    #expect(try numbers(in: folder.path) == [1, 2], "one file with two names")
  }

  @Test func withoutADirectoryThereAreNone() throws {
    let folder = try TemporaryFolder()
    #expect(try AuditLogFiles(in: folder("no")).all.isEmpty)
  }

  @Test func onlyLinesAtTheSeamAreRepetitions() {
    var repeated = RepeatedLines()
    func isRepeated(_ text: String) -> Bool { repeated.contains(Array(text.utf8)[...]) }
    #expect(!isRepeated("a") && !isRepeated("b"))
    #expect(!isRepeated("a"), "within one log nothing is left out")
    repeated.startFile()
    #expect(!isRepeated("c") && isRepeated("b") && isRepeated("a") && !isRepeated("d"))
    repeated.startFile()
    #expect(isRepeated("d"))
    for number in 0..<10_000 { #expect(!isRepeated("\(number)")) }
    repeated.startFile()
    #expect(!isRepeated("5") && isRepeated("9999"))
  }
}
