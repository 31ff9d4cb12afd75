import FoundationEssentials
import Glibc
import Testing

/// The origin that a plan records, and the refusal of plans that are old, foreign or edited.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PlanOriginTests {
  let namespace: NetworkNamespace
  let listener: Socket
  let planned: (client: Socket, server: Socket)
  let other: (client: Socket, server: Socket)

  init() throws {
    namespace = try NetworkNamespace()
    listener = try namespace.server.listen("planned", port: 8080)
    planned = try namespace.pair(to: listener, as: "planned")
    let pair = try namespace.pair(port: 8081, as: "other")
    other = (pair.client, pair.server)
  }

  private func plan(_ arguments: String...) throws -> String {
    let dry = try namespace.kill(["--dry-run", "-o", "json"] + arguments)
    try #require(dry.status == 0)
    return dry.text
  }

  /// Carries out the plan `text` without confirmation.
  private func carryOut(_ text: String, _ options: String...) throws -> CommandResult {
    try namespace.kill(["--plan", try namespace.state.write("plan.json", text)] + options)
  }

  private func checkRefused(
    _ text: String, _ message: String, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let ended = try carryOut(text)
    #expect(ended.status == 65, "\(ended.errorText)", sourceLocation: location)
    #expect(
      ended.errorText.contains(message), "\(ended.errorText)", sourceLocation: location)
    #expect(try planned.client.reaches(planned.server), sourceLocation: location)
    #expect(try other.client.reaches(other.server), sourceLocation: location)
    #expect(try namespace.rows("--state", "listen").count == 2, sourceLocation: location)
  }

  private struct Origin: Decodable {
    struct Maker: Decodable {
      let uid: UInt32
      let user: String?
      let sudoUser: String?
      let command: String
      let version: String
    }
    let time: String
    let host: String
    let uptimeMs: UInt64
    let madeBy: Maker
  }

  @Test func aPlanRecordsItsTimeHostAndMaker() throws {
    let dry = try namespace.connreap(
      ["kill", "-n", "-o", "json", "--filter", "local-port 8080 and peer 127.0.0.1"],
      environment: ["SUDO_USER": "alice"])
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let origin = try decoder.decode(Origin.self, from: Data(dry.output))
    #expect(origin.time.contains(#/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/#))
    #expect(origin.host == (try Command.run(["uname", "-n"])).lines.first.map(String.init))
    #expect(origin.madeBy.uid == geteuid())
    #expect(origin.madeBy.user == (try Command.run(["id", "-un"])).lines.first.map(String.init))
    #expect(origin.madeBy.sudoUser == "alice")
    #expect(
      origin.madeBy.command
        == "connreap kill -n -o json --filter 'local-port 8080 and peer 127.0.0.1'")
    #expect(try namespace.connreap("--version").text == origin.madeBy.version + "\n")
  }

  @Test func anOldPlanIsRefused() throws {
    let text = try plan("--local-port", "8080")
    let file = try namespace.state.write("plan.json", text)
    pause(for: .milliseconds(20))
    let old = try namespace.kill("--plan", file, "--plan-age", "10ms")
    #expect(old.status == 65)
    #expect(old.errorText.contains("ago, more than --plan-age 10ms"))
    #expect(try planned.client.reaches(planned.server))
    // By its wall-clock time alone, the plan is 10 years old.
    try checkRefused(
      text.replacing(#/"time":"\d{4}/#, with: "\"time\":\"2016"), "more than --plan-age 1h")
    #expect(try carryOut(text, "--plan-age", "1d").status == 0)
    #expect(try planned.client.receive() == .failed("ECONNRESET"))
  }

  @Test(arguments: [
    ["--plan-age", "5"], ["--plan-age", "0s"], ["--plan-age", "-1h"], ["--plan-age", "soon"],
  ])
  func invalidPlanAgesAreBadUsage(words: [String]) throws {
    let file = try namespace.state.write("plan.json", try plan("--local-port", "8080"))
    #expect(try namespace.kill(["--plan", file] + words).status == 64)
    #expect(try namespace.kill(["--local-port", "8080"] + words).status == 64)
    #expect(try planned.client.reaches(planned.server))
  }

  @Test func plansFromTheFutureOrAnotherHostAreRefused() throws {
    let text = try plan("--local-port", "8080")
    try checkRefused(
      text.replacing(#/"time":"\d{4}/#, with: "\"time\":\"2199"), "time: 2199")
    try checkRefused(
      text.replacing(#/"uptime_ms":/#, with: "\"uptime_ms\":9"), "uptime_ms: in the future")
    try checkRefused(
      text.replacing(#/"host":"[^"]*"/#, with: "\"host\":\"elsewhere.example\""),
      "made on the host elsewhere.example")
    for member in ["time", "uptime_ms", "host", "made_by", "command", "version"] {
      try checkRefused(text.replacing("\"\(member)\":", with: "\"x-\(member)\":"), member)
    }
  }

  /// Changes the rows of a plan that contain `mark`. Each row is one line.
  private func changing(
    _ text: String, rowsWith mark: String, _ change: (String) -> String
  ) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.contains(mark) ? change(String(line)) : String(line)
    }.joined(separator: "\n")
  }

  @Test func editingADecisionDoesNotBypassTheGuard() throws {
    let text = try plan("--state", "all", "--local-port", "8080")
    let listenerMark = "\"state\":\"listen\""
    let decided = changing(text, rowsWith: listenerMark) {
      $0.replacing("\"decision\":\"spare\"", with: "\"decision\":\"close\"")
    }
    #expect(decided != text)
    try checkRefused(decided, "decision: it was edited")
    let reasoned = changing(decided, rowsWith: listenerMark) {
      $0.replacing(#/"reason":"[^"]*"/#, with: "\"reason\":null")
    }
    try checkRefused(reasoned, "connections: 2 would be closed, but the plan was made for 1")
    // Once the plan is consistent, the guard still spares the listener.
    let summed = reasoned.replacing("\"close\":1,", with: "\"close\":2,")
    #expect(summed != reasoned)
    let ended = try carryOut(summed)
    #expect(ended.status == 0, "\(ended.errorText)")
    #expect(ended.text.contains("a listener; close it with --state listen"))
    #expect(try namespace.rows("--state", "listen").count == 2)
    #expect(try planned.client.receive() == .failed("ECONNRESET"))
    #expect(try other.client.reaches(other.server))
  }

  @Test func aChangedMethodOrAnAddedConnectionIsRefused() throws {
    let text = try plan("--local-port", "8080", "--method", "keepalive")
    try checkRefused(
      text.replacing("\"method\":\"keepalive\"", with: "\"method\":\"destroy\""),
      "method: it was edited: the plan was made for keepalive")
    // Add a row from another plan.
    let mine = try plan("--local-port", "8080")
    let theirs = try plan("--local-port", "8081")
    let line = try #require(theirs.split(separator: "\n").first { $0.contains("\"cookie\"") })
    let start = try #require(line.firstIndex(of: "{"))
    let end = try #require(line.lastIndex(of: "}"))
    let added = changing(mine, rowsWith: "\"cookie\"") { "\(line[start...end]),\n\($0)" }
    try checkRefused(added, "connections: 2 would be closed")
  }

  @Test func changedConnectionsAreNotClosed() throws {
    let text = try plan("--local-port", "8080")
    let changes: [(String) -> String] = [
      { $0.replacing(planned.server.cookie, with: other.server.cookie) },
      {
        $0.replacing("\"inode\":\(planned.server.inode)", with: "\"inode\":\(other.server.inode)")
      },
      { $0.replacing("\"state\":\"established\"", with: "\"state\":\"close-wait\"") },
      { $0.replacing("\"port\":8080", with: "\"port\":8081") },
      {
        $0.replacing(planned.server.cookie, with: other.server.cookie)
          .replacing("\"inode\":\(planned.server.inode)", with: "\"inode\":\(other.server.inode)")
      },
    ]
    for change in changes {
      let changed = change(text)
      #expect(changed != text)
      #expect(try carryOut(changed).status == 0)
      #expect(try planned.client.reaches(planned.server))
      #expect(try other.client.reaches(other.server))
    }
  }

  @Test func sparingConnectionsNarrowsThePlan() throws {
    let second = try namespace.pair(to: listener, as: "second")
    let text = try plan("--local-port", "8080")
    let narrowed = changing(text, rowsWith: "\"port\":\(planned.client.port)}") {
      $0.replacing("\"decision\":\"close\"", with: "\"decision\":\"spare\"")
    }
    #expect(narrowed != text)
    #expect(try carryOut(narrowed).status == 0)
    #expect(try planned.client.reaches(planned.server))
    #expect(try second.client.receive() == .failed("ECONNRESET"))
  }

  @Test func theStateOptionNarrowsThePlan() throws {
    let second = try namespace.pair(to: listener, as: "second")
    try second.client.finish()
    let text = try plan("--local-port", "8080")
    let ended = try carryOut(text, "--state", "close-wait")
    #expect(ended.status == 0)
    #expect(ended.text.contains("not in a state that --state selects"))
    #expect(try planned.client.reaches(planned.server))
    #expect(try second.client.receive() == .failed("ECONNRESET"))
  }
}
