import Glibc
import SystemPackage
import Testing

@testable import StateFiles

/// Logs that were compressed by gzip(1).
@Suite struct GzipLogTests {
  private func gzip(_ directory: borrowing TemporaryDirectory, _ script: String) throws {
    try #require(
      try Child(["bash", "-c", "cd \"$0\" && " + script, directory.path.string]).wait() == 0)
  }

  private func lines(
    _ path: FilePath, limit: Int = AuditLogReader.uncompressedLimit
  ) throws -> [String] {
    let file = try #require(try AuditLogFile(path))
    var reader = try AuditLogReader(file, uncompressedLimit: limit)
    var lines: [String] = []
    while let line = try reader.next() {
      switch line {
      case .whole(let bytes): lines.append(String(decoding: bytes, as: UTF8.self))
      case .tooLong: lines.append("too long")
      }
    }
    return lines
  }

  @Test func compressedLogsAreReadLineByLine() throws {
    let directory = try TemporaryDirectory()
    let wanted = (0..<20_000).map { "\($0)" + String(repeating: "x", count: $0 % 300) }
    try directory.write(wanted.map { $0 + "\n" }.joined(), to: "audit.jsonl.1")
    try gzip(directory, "gzip audit.jsonl.1")
    #expect(try lines(directory("audit.jsonl.1.gz")) == wanted)
  }

  @Test func severalMembersFormOneLog() throws {
    let directory = try TemporaryDirectory()
    try gzip(
      directory, "(printf 'a\\nb' | gzip; printf 'c\\n' | gzip; : | gzip; echo d | gzip) > x.gz")
    #expect(try lines(directory("x.gz")) == ["a", "bc", "d"])
  }

  @Test func damagedLogsAreReadUpToTheDamage() throws {
    let directory = try TemporaryDirectory()
    try gzip(directory, "seq 100000 > x; gzip -k x; head -c 100000 x.gz > cut.gz")
    try gzip(
      directory,
      "cp x.gz hit.gz; printf '\\377\\377\\377\\377' | "
        + "dd of=hit.gz bs=1 seek=90000 conv=notrunc status=none; (cat x.gz; echo garbage) > tail.gz"
    )
    for name in ["cut.gz", "hit.gz", "tail.gz"] {
      let file = try #require(try AuditLogFile(directory(name)))
      var reader = try AuditLogReader(file)
      var count = 0
      var problem: AuditLogProblem?
      do { while try reader.next() != nil { count += 1 } } catch { problem = error }
      #expect(problem?.fault == .damaged, "\(name)")
      #expect(count > 1000, "\(name): \(count)")
      #expect(problem?.description.contains("is damaged") == true)
    }
  }

  @Test func decompressionStopsAtTheLimit() throws {
    let directory = try TemporaryDirectory()
    try gzip(directory, "(echo first; head -c 50000000 /dev/zero) | gzip -9 > bomb.gz")
    let file = try #require(try AuditLogFile(directory("bomb.gz")))
    var reader = try AuditLogReader(file, uncompressedLimit: 10_000_000)
    #expect(try reader.next() == .whole(Array("first".utf8)[...]))
    do {
      while try reader.next() != nil {}
      Issue.record("it was decompressed completely")
    } catch {
      #expect(error.fault == .tooLarge(limit: 10_000_000))
    }
  }

  @Test func emptyLogsHaveNoLines() throws {
    let directory = try TemporaryDirectory()
    try gzip(directory, ": | gzip > empty.gz; : > nothing.gz")
    #expect(try lines(directory("empty.gz")).isEmpty && lines(directory("nothing.gz")).isEmpty)
  }
}
