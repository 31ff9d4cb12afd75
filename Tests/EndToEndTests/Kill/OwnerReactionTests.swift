import Testing

/// Reports about the programs whose connections were closed.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy, .serialized) struct OwnerReactionTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  private var server: String { "[\(namespace.server.pid)]" }

  @Test func programsThatCloseTheirDescriptorsAreNotReported() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.server.react("close")
    let ended = try namespace.kill("--local-port", "8080")
    #expect(ended.status == 0)
    #expect(ended.text.contains("closed 1"))
    #expect(!ended.text.contains("dead descriptor"))
    let again = try namespace.pair(to: pair.listener, as: "again")
    try again.server.react("close")
    let report = try PlanReport(namespace.kill("--local-port", "8080", "-o", "json"))
    #expect(report.connections.map(\.result) == ["closed"])
    #expect(try #require(report.ownersAfter).isEmpty)
  }

  @Test(arguments: ["destroy", "shutdown", "abort"])
  func programsThatDoNotReactStillHoldDeadDescriptors(_ method: String) throws {
    let listener = try namespace.server.listen("both", port: 8080)
    let pairs = try ["a", "b", "c"].map { try namespace.pair(to: listener, as: $0) }
    try pairs[1].server.react("close")
    let report = try PlanReport(
      namespace.kill("--local-port", "8080", "--method", method, "-o", "json"))
    let reactions = try #require(report.ownersAfter)
    #expect(reactions.map(\.pid) == [namespace.server.pid])
    #expect(reactions.map(\.deadDescriptors) == [2])
    #expect(reactions.map(\.spinning) == [false])
  }

  @Test func theTextReportNamesTheProgramAndItsDescriptorCount() throws {
    _ = try namespace.pair(port: 8080)
    let ended = try namespace.kill("--local-port", "8080")
    #expect(
      ended.text.contains(
        "\(server) still holds 1 dead descriptor; only the program can free it."))
  }

  @Test func everyProcessThatSharesTheSocketIsReported() throws {
    let pair = try namespace.pair(port: 8080)
    let child = try namespace.server.fork(sharing: [pair.server])
    let report = try PlanReport(namespace.kill("--local-port", "8080", "-o", "json"))
    let pids = Set(try #require(report.ownersAfter).map(\.pid))
    #expect(pids == [namespace.server.pid, child])
  }

  @Test func spinningProgramsAreReportedWithTheirCPUUsage() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.server.react("spin")
    let report = try PlanReport(namespace.kill("--local-port", "8080", "-o", "json"))
    let reaction = try #require(report.ownersAfter?.first { $0.pid == namespace.server.pid })
    #expect(reaction.deadDescriptors == 1)
    #expect(reaction.spinning == true, "\(reaction)")
    #expect(try #require(reaction.percentAfter) > (try #require(reaction.percentBefore)))
    // The program already spins, so the next closing is not the cause.
    let other = try namespace.pair(to: pair.listener, as: "other")
    let second = try PlanReport(namespace.kill("--local-port", "8080", "-o", "json"))
    #expect(second.connections.map(\.cookie) == [other.server.cookie])
  }

  @Test func theTextReportWarnsAboutSpinningPrograms() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.server.react("spin")
    let ended = try namespace.kill("--local-port", "8080")
    #expect(
      ended.text.contains("\(server) may be spinning on a closed connection: "), "\(ended.text)")
  }

  @Test func theLogEntryOfTheRunNamesTheOwners() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    let quiet = try #require(try AuditedRun.all(in: namespace.state.path).last?.ownersAfter)
    #expect(quiet.map(\.pid) == [namespace.server.pid])
    #expect(quiet.map(\.deadDescriptors) == [1])
    let next = try namespace.pair(to: pair.listener, as: "next")
    try next.server.react("spin")
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    let runs = try AuditedRun.all(in: namespace.state.path)
    #expect(runs.last?.ownersAfter?.map(\.spinning) == [true])
    let log = try Command.run([
      Tools.connreap, "log", "--each", "--state-dir", namespace.state.path,
    ])
    #expect(log.text.contains("may be spinning: "), "\(log.text)")
  }

  @Test func armingKeepaliveReportsNoOwners() throws {
    _ = try namespace.pair(port: 8080)
    let report = try PlanReport(
      namespace.kill("--local-port", "8080", "--method", "keepalive", "-o", "json"))
    #expect(try #require(report.ownersAfter).isEmpty)
  }
}
