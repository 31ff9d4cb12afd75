import Glibc
import SystemPackage
import Testing

@testable import StateFiles

@Suite struct AuditLogTests {
  private func append(_ line: String, in folder: borrowing TemporaryFolder) throws {
    try AuditLog(in: StateFolder(openingOrMaking: folder.path)).append(Array(line.utf8))
  }

  private func text(in folder: borrowing TemporaryFolder) throws -> String {
    let file = try FileDescriptor.open(folder("audit.jsonl"), .readOnly)
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test func linesAreAppendedToWhatIsThere() throws {
    let folder = try TemporaryFolder()
    for number in 1...3 { try append("{\"n\":\(number)}\n", in: folder) }
    #expect(try text(in: folder) == "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n")
  }

  @Test func whatAnEarlierRunLeftUnfinishedTakesNoLineWithIt() throws {
    let folder = try TemporaryFolder()
    try append("{\"n\":1}\n{\"n\":", in: folder)
    try append("{\"n\":3}\n", in: folder)
    try append("{\"n\":4}\n", in: folder)
    #expect(try text(in: folder) == "{\"n\":1}\n{\"n\":\n{\"n\":3}\n{\"n\":4}\n")
  }

  @Test func runsThatWriteAtOnceDoNotMixTheirLines() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          let log = try AuditLog(in: StateFolder(openingOrMaking: path))
          for _ in 0..<50 {
            try log.append([UInt8](repeating: UInt8(ascii: "a") + UInt8(writer), count: 19) + [10])
          }
        }
      }
      try await group.waitForAll()
    }
    let lines = try text(in: folder).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 201)
    #expect(lines.dropLast().allSatisfy { $0.count == 19 && Set($0).count == 1 })
  }

  @Test func onlyTheUserMayReadIt() throws {
    let folder = try TemporaryFolder()
    try append("x\n", in: folder)
    var facts = stat()
    #expect(stat(folder("audit.jsonl").string, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o600)
  }

  @Test func aLinkIsNotFollowed() throws {
    let folder = try TemporaryFolder()
    let target = folder("elsewhere").string
    #expect(symlink(target, folder("audit.jsonl").string) == 0)
    do {
      try append("x\n", in: folder)
      Issue.record("the link was followed")
    } catch let problem as AuditLogProblem {
      #expect(problem.errno == .tooManySymbolicLinkLevels)
    }
    #expect(access(target, F_OK) != 0, "and nothing was made behind it")
  }

  @Test func aFolderInItsPlaceIsRefused() throws {
    let folder = try TemporaryFolder()
    #expect(mkdir(folder("audit.jsonl").string, 0o700) == 0)
    do {
      try append("x\n", in: folder)
      Issue.record("a folder was written to")
    } catch let problem as AuditLogProblem {
      #expect(problem.path == folder("audit.jsonl"))
    }
  }

  @Test func aProblemNamesTheFile() {
    let problem = AuditLogProblem(path: "/var/lib/connreap/audit.jsonl", errno: .noSpace)
    #expect(
      problem.description
        == "cannot write the audit log /var/lib/connreap/audit.jsonl: No space left on device")
  }
}
