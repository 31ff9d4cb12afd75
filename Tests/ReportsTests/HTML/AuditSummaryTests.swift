import Connections
import Selection
import StateFiles
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Summaries of the audit log.
@Suite struct AuditSummaryTests {
  private let folder = ProcTree()

  private func write(_ lines: [AuditLogReader.Line], to name: String = "audit.jsonl") {
    folder.file(
      name,
      lines.reduce(into: [UInt8]()) { file, line in
        if case .whole(let bytes) = line { file += bytes + [10] }
      })
  }

  private func summary(
    _ selection: LogSelection = LogSelection(), running: Bool = false
  ) throws -> AuditSummary? {
    try AuditSummary(in: folder.root, selection) { _ in running }
  }

  private static func time(_ second: Int) -> String {
    "2026-11-21T05:\(second / 60 + 10):\(second % 60 < 10 ? "0" : "")\(second % 60)Z"
  }

  @Test func withoutALogThereIsNoSummary() throws {
    #expect(try summary() == nil, "unlike an empty log")
    write([])
    let empty = try #require(try summary())
    #expect(empty.count == 0 && empty.latest.isEmpty && empty.times == nil)
  }

  @Test func decisionsAreCountedByPolicyAndResult() throws {
    write([
      LogSearchTests.line("closed", cookie: 1, policy: "b"),
      LogSearchTests.line("closed", cookie: 2, policy: "a"),
      LogSearchTests.line("spared", cookie: 3, policy: "b"),
      LogSearchTests.line("closed", cookie: 4),
    ])
    let summary = try #require(try summary())
    #expect(
      summary.totals == [
        AuditSummary.Total(policy: "b", counts: ["closed": 1, "spared": 1]),
        AuditSummary.Total(policy: nil, counts: ["closed": 1]),
        AuditSummary.Total(policy: "a", counts: ["closed": 1]),
      ])
    #expect(summary.count == 4 && summary.count(of: "closed") == 3 && summary.count(of: "x") == 0)
  }

  @Test func decisionsThatDifferOnlyInTheConnectionAreMerged() throws {
    write([
      LogSearchTests.line("closed", cookie: 1, policy: "a", name: "java"),
      LogSearchTests.line("closed", cookie: 2, policy: "a", name: "app"),
      LogSearchTests.line("closed", cookie: 3, policy: "a", name: "java"),
      LogSearchTests.line("spared", cookie: 4, policy: "a", reason: "x", name: "java"),
      LogSearchTests.line("closed", cookie: 5, pid: 8, policy: "a", name: "java"),
    ])
    let latest = try #require(try summary()).latest
    #expect(latest.map(\.count).sorted() == [1, 1, 1, 2])
    #expect(latest.first { $0.count == 2 }?.owners == "java[1744]")
    #expect(latest.first { $0.count == 2 }?.peer == "10.0.0.9:51690")
  }

  /// In a container, every run may have the same pid.
  @Test func aLaterRunWithTheSamePidIsSeparate() throws {
    write([
      LogSearchTests.line("closed", cookie: 1, time: Self.time(0)),
      LogSearchTests.line("closed", cookie: 2, time: Self.time(59)),
      LogSearchTests.line("closed", cookie: 3, time: Self.time(120)),
    ])
    let latest = try #require(try summary()).latest
    #expect(latest.map(\.count) == [1, 2], "newest first")
    #expect(
      latest.map { $0.time.text.prefix(19) } == ["2026-11-21T05:12:00", "2026-11-21T05:10:59"])
  }

  @Test func onlyTheLatestAreListedButAllAreCounted() throws {
    write(
      (0..<50).map { LogSearchTests.line("closed", cookie: $0 + 1, pid: $0, time: Self.time($0)) })
    let summary = try #require(try summary())
    #expect(summary.latest.count == AuditSummary.maximumLatest && summary.count == 50)
    #expect(summary.isCut)
    #expect(summary.latest.first?.time.text == "2026-11-21T05:10:49.000Z")
    #expect(summary.times.map { $0.lowerBound.text } == "2026-11-21T05:10:00.000Z")
  }

  @Test func rotatedLogsCount() throws {
    write([LogSearchTests.line("closed", cookie: 1)], to: "audit.jsonl.1")
    write([LogSearchTests.line("closed", cookie: 2)])
    #expect(try summary()?.count == 2)
    #expect(try summary()?.isCut == false)
  }

  @Test func aDeadRunLeavesUnfinishedDecisions() throws {
    write([LogSearchTests.line("closing", cookie: 1)])
    #expect(try summary()?.latest.first?.result == "unfinished")
    #expect(try summary(running: true)?.count == 0, "the result may still follow")
  }

  @Test func unknownResultsAreCounted() throws {
    write([LogSearchTests.line("closed", cookie: 1), LogSearchTests.line("undone", cookie: 2)])
    let summary = try #require(try summary())
    #expect(summary.results == AuditEntry.results + ["undone"])
    #expect(summary.count == 2 && summary.count(of: "undone") == 1)
  }

  @Test func theSelectionApplies() throws {
    write([
      LogSearchTests.line("closed", cookie: 1, name: "java"),
      LogSearchTests.line("closed", cookie: 2, name: "app", complete: false),
      LogSearchTests.line("closed", cookie: 3, state: "established", name: "app"),
    ])
    var selection = LogSelection()
    selection.connections = .term(.states(TCPState.established.asSet))
    #expect(try summary(selection)?.count == 1)
  }

  @Test func unreadableLinesAreCounted() throws {
    folder.file("audit.jsonl", "no JSON\n{}\n")
    #expect(try summary()?.damaged == 2)
    folder.link("audit.jsonl.1", to: "/dev/null")
    #expect(throws: CommandFailure.self) { try summary() }
  }
}
