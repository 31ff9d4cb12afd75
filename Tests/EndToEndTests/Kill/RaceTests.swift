import Glibc
import Testing

/// Changes between a plan and its closings, and concurrent runs.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct RaceTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    listener = try namespace.server.listen("raced", port: 8080)
  }

  private var state: String { namespace.state.path }

  private func start(_ arguments: String...) throws -> Command {
    try namespace.start(["kill", "--yes", "--state-dir", state, "-o", "json"] + arguments)
  }

  /// Two runs and the program itself close the same connections.
  private func race(_ count: Int, round: Int) throws {
    let name = "round-\(round)"
    try namespace.server.connectPairs(count, as: name, to: listener)
    let runs = try (0..<2).map { _ in try start("--local-port", "8080", "--max", "5000") }
    let programClosings = (0..<count).filter { $0 % 3 == round % 3 }.map { "\(name)-server-\($0)" }
    try namespace.server.closeEach(programClosings, within: 0)
    let ended = try runs.map { try $0.end() }
    #expect(ended.map(\.status) == [0, 0])
    let reports = try ended.map { try PlanReport($0) }
    var closings: [String: Int] = [:]
    for (report, run) in zip(reports, runs) {
      for row in report.connections {
        let result = try #require(row.result)
        // A run also spares a connection that the program is just closing.
        #expect(["closed", "gone", "spared"].contains(result), "\(row)")
        if result == "closed" { closings[row.cookie, default: 0] += 1 }
      }
      // The log of a run agrees with its report.
      let recorded = try AuditRecord.all(in: state).filter { $0.pid == run.pid }
      let announced = recorded.filter { $0.event == "closing" }.map(\.connection.cookie)
      let planned = report.connections.filter { $0.decision == "close" }.map(\.cookie)
      #expect(announced == planned, "each planned connection is announced once, and no other")
      // A run with nothing to close logs nothing.
      guard !planned.isEmpty else { continue }
      let results = recorded.filter { $0.event != "closing" }
      #expect(results.map(\.connection.cookie) == report.connections.map(\.cookie))
      #expect(results.map(\.event) == report.connections.map(\.result))
    }
    #expect(closings.values.allSatisfy { $0 == 1 }, "no connection is closed twice")
    #expect(closings.count >= count - programClosings.count, "a run closes every other connection")
    let left = try namespace.rows("--local-port", "8080")
    #expect(left.allSatisfy { $0.owners?.isEmpty == true }, "no process owns what remains")
    try namespace.server.drop(name)
    let after = try namespace.pair(to: listener, as: "after-\(round)")
    #expect(try after.client.reaches(after.server), "the listener still accepts")
    try after.client.reset()
    try after.server.reset()
  }

  @Test func twoRunsAndTheProgramCloseEachConnectionOnce() throws {
    for round in 0..<19 { try race(100, round: round) }
    try race(2000, round: 19)
  }

  /// Closes two connections, and runs `meanwhile` while the second waits for its turn.
  private func closeTwo(
    selecting words: String..., meanwhile: ((client: Socket, server: Socket)) throws -> Void
  ) throws -> [Row] {
    let first = try namespace.pair(to: listener, as: "first")
    try namespace.waitUntilIdle(300, first.client, first.server)
    let client = try namespace.server.connect(
      "second-client", port: 8080, ["source_port": 45_678])
    let second = (
      client: client, server: try namespace.server.accept("second-server", from: listener)
    )
    try namespace.waitUntilIdle(300, second.client, second.server)
    let run = try namespace.start(
      ["kill", "--yes", "--state-dir", state, "-o", "json", "--local-port", "8080", "--rate", "1"]
        + words)
    try namespace.waitForClosings()
    #expect(
      try AuditRecord.cookies(of: "closing", in: state) == [first.server.cookie])
    try meanwhile(second)
    let ended = try run.end()
    #expect(ended.status == 0)
    let rows = try PlanReport(ended).connections
    #expect(rows.map(\.cookie) == [first.server.cookie, second.server.cookie])
    #expect(rows.first?.result == "closed")
    let after = try namespace.pair(to: listener, as: "after")
    #expect(try after.client.reaches(after.server), "the listener still accepts")
    return rows
  }

  @Test func aSuccessorOnTheSameAddressesSurvives() throws {
    var successor: (client: Socket, server: Socket)?
    let rows = try closeTwo { second in
      try second.server.reset()
      try second.client.close()
      let client = try namespace.server.connect("next-client", port: 8080, ["source_port": 45_678])
      successor = (client, try namespace.server.accept("next-server", from: listener))
    }
    #expect(rows.last?.result == "gone")
    let next = try #require(successor)
    #expect(next.server.cookie != rows.last?.cookie)
    #expect(try next.client.reaches(next.server))
  }

  @Test func aConnectionThatIsGoneDoesNotCloseItsListener() throws {
    let rows = try closeTwo { second in
      try second.server.reset()
      try second.client.close()
    }
    #expect(rows.last?.result == "gone")
  }

  @Test func connectionsThatBecomeActiveAreSpared() throws {
    var pair: (client: Socket, server: Socket)?
    let rows = try closeTwo(selecting: "--idle", "200ms") { second in
      pair = second
      // Keep the connection active until its turn.
      for _ in 0..<12 {
        let isAlive = try second.client.reaches(second.server)
        #expect(isAlive)
        pause(for: .milliseconds(100))
      }
    }
    #expect(rows.last?.result == "spared")
    #expect(rows.last?.reason?.contains("active again") == true)
    let second = try #require(pair)
    #expect(try second.client.reaches(second.server))
  }

  @Test func connectionsOfAnEndedProcessAreGone() throws {
    let peer = try namespace.anotherPeer()
    let other = try peer.listen("other", port: 8081)
    let first = try namespace.pair(to: listener, as: "first")
    try namespace.waitUntilIdle(300, first.client, first.server)
    let near = try namespace.server.connect("second-client", port: 8081)
    _ = try peer.accept("second-server", from: other)
    let run = try start("--local-port", "8080,8081", "--rate", "1")
    try namespace.waitForClosings()
    #expect(
      try AuditRecord.cookies(of: "closing", in: state) == [first.server.cookie])
    kill(peer.pid, SIGKILL)
    let ended = try run.end()
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.result) == ["closed", "gone"])
    #expect(try near.receive() == .end, "its process closed it with FIN, not RST")
  }

  @Test func anotherRunFinishesAStoppedOne() throws {
    try namespace.server.connectPairs(12, as: "many", to: listener)
    let slow = try start("--local-port", "8080", "--rate", "4")
    try namespace.waitForClosings(2)
    slow.signal(SIGTERM)
    let quick = try start("--local-port", "8080")
    let (first, second) = (try slow.end(), try quick.end())
    #expect(first.status == 143 && second.status == 0)
    let closed = try AuditRecord.cookies(of: "closed", in: state)
    #expect(closed.count == 12 && Set(closed).count == 12)
    #expect(try namespace.rows("--local-port", "8080").isEmpty)
  }
}
