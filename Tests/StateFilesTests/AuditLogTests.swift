import Glibc
import SystemPackage
import Testing

@testable import StateFiles

@Suite struct AuditLogTests {
  private func append(_ line: String, in directory: borrowing TemporaryDirectory) throws {
    try AuditLog(in: StateDirectory(openingOrCreating: directory.path)).append(Array(line.utf8))
  }

  private func text(in directory: borrowing TemporaryDirectory) throws -> String {
    let file = try FileDescriptor.open(directory("audit.jsonl"), .readOnly)
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = try bytes.withUnsafeMutableBytes { try file.read(into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test func linesAreAppended() throws {
    let directory = try TemporaryDirectory()
    for number in 1...3 { try append("{\"n\":\(number)}\n", in: directory) }
    #expect(try text(in: directory) == "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n")
  }

  @Test func incompleteLinesOfEarlierRunsAreTerminated() throws {
    let directory = try TemporaryDirectory()
    try append("{\"n\":1}\n{\"n\":", in: directory)
    try append("{\"n\":3}\n", in: directory)
    try append("{\"n\":4}\n", in: directory)
    #expect(try text(in: directory) == "{\"n\":1}\n{\"n\":\n{\"n\":3}\n{\"n\":4}\n")
  }

  @Test func concurrentRunsDoNotMixTheirLines() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.path
    try await withThrowingTaskGroup(of: Void.self) { group in
      for writer in 0..<4 {
        group.addTask {
          let log = try AuditLog(in: StateDirectory(openingOrCreating: path))
          for _ in 0..<50 {
            try log.append([UInt8](repeating: UInt8(ascii: "a") + UInt8(writer), count: 19) + [10])
          }
        }
      }
      try await group.waitForAll()
    }
    let lines = try text(in: directory).split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 201)
    #expect(lines.dropLast().allSatisfy { $0.count == 19 && Set($0).count == 1 })
  }

  @Test func onlyTheOwnerMayReadTheLog() throws {
    let directory = try TemporaryDirectory()
    try append("x\n", in: directory)
    var facts = stat()
    #expect(stat(directory("audit.jsonl").string, &facts) == 0)
    #expect(facts.st_mode & 0o777 == 0o600)
  }

  @Test func linksAreNotFollowed() throws {
    let directory = try TemporaryDirectory()
    let target = directory("elsewhere").string
    #expect(symlink(target, directory("audit.jsonl").string) == 0)
    do {
      try append("x\n", in: directory)
      Issue.record("the link was followed")
    } catch let problem as AuditLogProblem {
      #expect(problem.errno == .tooManySymbolicLinkLevels)
    }
    #expect(access(target, F_OK) != 0, "nothing was created behind it")
  }

  @Test func directoriesInItsPlaceAreRefused() throws {
    let directory = try TemporaryDirectory()
    #expect(mkdir(directory("audit.jsonl").string, 0o700) == 0)
    do {
      try append("x\n", in: directory)
      Issue.record("a directory was written to")
    } catch let problem as AuditLogProblem {
      #expect(problem.path == directory("audit.jsonl"))
    }
  }

  @Test func problemsNameTheFile() {
    let problem = AuditLogProblem(path: "/var/lib/connreap/audit.jsonl", errno: .noSpace)
    #expect(
      problem.description
        == "cannot write the audit log /var/lib/connreap/audit.jsonl: No space left on device")
  }
}
