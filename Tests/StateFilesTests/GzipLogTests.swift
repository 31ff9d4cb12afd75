import Glibc
import SystemPackage
import Testing

@testable import StateFiles

/// Logs that gzip(1) has compressed.
@Suite struct GzipLogTests {
  private func gzip(_ folder: borrowing TemporaryFolder, _ script: String) throws {
    try #require(
      try Child(["bash", "-c", "cd \"$0\" && " + script, folder.path.string]).wait() == 0)
  }

  private func lines(
    _ path: FilePath, limit: Int = AuditLogReader.unpackedLimit
  ) throws -> [String] {
    let file = try #require(try AuditLogFile(path))
    var reader = try AuditLogReader(file, unpackedLimit: limit)
    var lines: [String] = []
    while let line = try reader.next() {
      switch line {
      case .whole(let bytes): lines.append(String(decoding: bytes, as: UTF8.self))
      case .tooLong: lines.append("too long")
      }
    }
    return lines
  }

  @Test func isReadLineByLine() throws {
    let folder = try TemporaryFolder()
    let wanted = (0..<20_000).map { "\($0)" + String(repeating: "x", count: $0 % 300) }
    try folder.write(wanted.map { $0 + "\n" }.joined(), to: "audit.jsonl.1")
    try gzip(folder, "gzip audit.jsonl.1")
    #expect(try lines(folder("audit.jsonl.1.gz")) == wanted)
  }

  @Test func severalMembersAreOneLog() throws {
    let folder = try TemporaryFolder()
    try gzip(
      folder, "(printf 'a\\nb' | gzip; printf 'c\\n' | gzip; : | gzip; echo d | gzip) > x.gz")
    #expect(try lines(folder("x.gz")) == ["a", "bc", "d"])
  }

  @Test func whatIsDamagedIsReadAsFarAsItGoes() throws {
    let folder = try TemporaryFolder()
    try gzip(folder, "seq 100000 > x; gzip -k x; head -c 100000 x.gz > cut.gz")
    try gzip(
      folder,
      "cp x.gz hit.gz; printf '\\377\\377\\377\\377' | "
        + "dd of=hit.gz bs=1 seek=90000 conv=notrunc status=none; (cat x.gz; echo garbage) > tail.gz"
    )
    for name in ["cut.gz", "hit.gz", "tail.gz"] {
      let file = try #require(try AuditLogFile(folder(name)))
      var reader = try AuditLogReader(file)
      var count = 0
      var problem: AuditLogProblem?
      do { while try reader.next() != nil { count += 1 } } catch { problem = error }
      #expect(problem?.fault == .damaged, "\(name)")
      #expect(count > 1000, "\(name): \(count)")
      #expect(problem?.description.contains("is damaged") == true)
    }
  }

  @Test func whatBecomesTooLargeIsNotUnpacked() throws {
    let folder = try TemporaryFolder()
    try gzip(folder, "(echo first; head -c 50000000 /dev/zero) | gzip -9 > bomb.gz")
    let file = try #require(try AuditLogFile(folder("bomb.gz")))
    var reader = try AuditLogReader(file, unpackedLimit: 10_000_000)
    #expect(try reader.next() == .whole(Array("first".utf8)[...]))
    do {
      while try reader.next() != nil {}
      Issue.record("it was unpacked")
    } catch {
      #expect(error.fault == .tooLarge(limit: 10_000_000))
    }
  }

  @Test func anEmptyOneHasNoLines() throws {
    let folder = try TemporaryFolder()
    try gzip(folder, ": | gzip > empty.gz; : > nothing.gz")
    #expect(try lines(folder("empty.gz")).isEmpty && lines(folder("nothing.gz")).isEmpty)
  }
}
