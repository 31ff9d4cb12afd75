import Testing

/// Plans written by a dry run and carried out by `kill --plan`.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PlanFileTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    listener = try namespace.server.listen("planned", port: 8080)
  }

  /// Writes the plan of a dry run to a file, and returns its path.
  private func plan(_ arguments: String...) throws -> String {
    let dry = try namespace.kill(["--dry-run", "-o", "json"] + arguments)
    #expect(dry.status == 0)
    return try namespace.state.write("plan.json", dry.text)
  }

  private func results(_ ended: CommandResult) throws -> [String: String?] {
    var results: [String: String?] = [:]
    for row in try PlanReport(ended).connections { results[row.cookie] = row.result }
    return results
  }

  @Test func aPlanClosesItsSocketsAndNoSuccessors() throws {
    let planned = try namespace.pair(to: listener, as: "planned")
    let vanished = try namespace.pair(to: listener, as: "vanished")
    let file = try plan("--local-port", "8080")
    // The client closes first. Otherwise the server's socket stays in TIME-WAIT with its cookie.
    try vanished.client.close()
    try vanished.server.close()
    let newcomer = try namespace.pair(to: listener, as: "newcomer")
    let ended = try namespace.kill("--plan", file, "-o", "json")
    #expect(ended.status == 0)
    #expect(
      try results(ended) == [planned.server.cookie: "closed", vanished.server.cookie: "gone"])
    #expect(try planned.client.receive() == .failed("ECONNRESET"))
    #expect(try newcomer.client.reaches(newcomer.server))
    // A second run finds nothing left to close.
    let again = try namespace.kill("--plan", file)
    #expect(again.status == 0)
    #expect(again.text.contains("Nothing to close: all are gone or spared."))
    #expect(try newcomer.client.reaches(newcomer.server))
  }

  @Test func aPlanKeepsItsMethod() throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080", "--method", "shutdown")
    #expect(try namespace.kill("--plan", file).status == 0)
    #expect(try pair.client.receive() == .end)
  }

  @Test func aMethodOtherThanThePlansIsBadUsage() throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080")
    #expect(try namespace.kill("--plan", file, "--method", "shutdown").status == 64)
    #expect(try pair.client.reaches(pair.server))
    #expect(try namespace.kill("--plan", file, "--method", "destroy").status == 0)
  }

  @Test func aPlanKeepsItsKeepaliveTimes() throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan(
      "--local-port", "8080", "--method", "keepalive", "--keepalive-idle", "33s")
    #expect(try namespace.kill("--plan", file).status == 0)
    #expect(try pair.server.keepalive().prefix(2) == [1, 33])
  }

  @Test func connectionsThatChangedStateAreSpared() throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080")
    try pair.client.finish()
    let ended = try namespace.kill("--plan", file, "-o", "json")
    #expect(ended.status == 0)
    let row = try #require(try PlanReport(ended).connections.first)
    #expect(row.result == "spared")
    #expect(row.reason?.contains("now CLOSE-WAIT") == true)
    #expect(try pair.server.send("alive") == nil)
  }

  @Test func connectionsProtectedSinceThePlanAreSpared() throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080")
    try namespace.server.rename("sshd")
    let spared = try namespace.kill("--plan", file, "-o", "json")
    #expect(spared.status == 0)
    #expect(try PlanReport(spared).connections.first?.reason?.hasPrefix("held by sshd[") == true)
    #expect(try pair.client.reaches(pair.server))
    #expect(try namespace.kill("--plan", file, "--unprotect", "sshd").status == 0)
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test func connectionsSparedByThePlanStaySpared() throws {
    let daemon = try namespace.anotherPeer()
    try daemon.rename("sshd")
    let login = try namespace.pair(
      to: daemon.listen("daemon", port: 8081), client: namespace.server, as: "login")
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080,8081")
    let ended = try namespace.kill("--plan", file, "--unprotect", "sshd", "-o", "json")
    #expect(try results(ended) == [pair.server.cookie: "closed"])
    #expect(try login.client.reaches(login.server))
  }

  @Test func listenersAreClosedOnlyWhenStateListenIsRepeated() throws {
    let file = try plan("--state", "listen", "--local-port", "8080")
    let spared = try namespace.kill("--plan", file)
    #expect(spared.status == 0)
    #expect(spared.text.contains("a listener; close it with --state listen"))
    #expect(try namespace.kill("--plan", file, "--state", "all").status == 0)
    #expect(try namespace.rows("--state", "listen").count == 1)
    #expect(try namespace.kill("--plan", file, "--state", "listen").status == 0)
    #expect(try namespace.rows("--state", "listen").isEmpty)
  }

  @Test func theLimitAppliesToPlans() throws {
    try namespace.server.connectPairs(3, as: "many", to: listener)
    let file = try plan("--local-port", "8080")
    #expect(try namespace.kill("--plan", file, "--max", "2").status == 2)
    #expect(try namespace.rows("--local-port", "8080").count == 3)
    #expect(try namespace.kill("--plan", file, "--max", "3").status == 0)
  }

  @Test func aDryRunOfAPlanShowsWhatItWouldCloseNow() throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let gone = try namespace.pair(to: listener, as: "gone")
    let file = try plan("--local-port", "8080")
    try gone.client.close()
    try gone.server.close()
    let dry = try namespace.kill("--plan", file, "--dry-run")
    #expect(dry.status == 0)
    #expect(dry.text.contains("1 connection would be closed"))
    #expect(dry.lines.count { $0.hasPrefix("  gone ") } == 1)
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func aPlanFromAnotherBootIsRefused() throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let dry = try namespace.kill("--dry-run", "-o", "json", "--local-port", "8080")
    let boot = try PlanReport(dry).bootID
    let file = try namespace.state.write(
      "plan.json", dry.text.replacing(boot, with: "00000000-0000-0000-0000-000000000000"))
    let refused = try namespace.kill("--plan", file)
    #expect(refused.status == 65)
    #expect(refused.errorText.contains("another boot"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func aPlanFromAnotherNetworkNamespaceRequiresNetns() throws {
    let elsewhere = try NetworkNamespace()
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080")
    let refused = try elsewhere.kill("--plan", file)
    #expect(refused.status == 65)
    #expect(refused.errorText.contains("--netns"))
    #expect(try pair.client.reaches(pair.server))
    let named = try elsewhere.kill("--plan", file, "--netns", "\(namespace.server.pid)")
    #expect(named.status == 0)
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test func connectionsInUnreadableNamespacesAreSparedNotGone() throws {
    let elsewhere = try NetworkNamespace()
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080")
    let ended = try elsewhere.kill(
      [
        "--plan", file, "-o", "json", "--netns", "\(elsewhere.server.pid)", "--netns",
        "\(namespace.server.pid)",
      ],
      behind: ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--"])
    #expect(try results(ended) == [pair.server.cookie: "spared"])
    #expect(ended.text.contains("its network namespace could not be examined"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test(arguments: [
    ("", "the file is empty"), ("{", "line 1, column 2: not valid JSON"),
    ("{\"boot_id\":\"b\",\n\"connections\":[1,]}", "line 2, column 18: not valid JSON"),
    ("{\"boot_id\":\"b\",\"connections\":[]}", "version: this connreap reads plans of version 2"),
  ])
  func invalidPlansAreRefusedWithThePosition(text: String, message: String) throws {
    let ended = try namespace.kill("--plan", try namespace.state.write("bad.json", text))
    #expect(ended.status == 65)
    #expect(ended.errorText.contains("bad.json: "))
    #expect(ended.errorText.contains(message), "\(ended.errorText)")
  }

  @Test func missingPlansAreRefused() throws {
    #expect(try namespace.kill("--plan", "/nonexistent").status == 65)
    #expect(try namespace.kill("--plan", "/dev/null").status == 65)
  }

  @Test(arguments: [
    ["--local-port", "8080"], ["--all"], ["--replay", "/dev/null", "-n"], ["port", "8080"],
  ])
  func aPlanCannotBeCombinedWithASelection(words: [String]) throws {
    let pair = try namespace.pair(to: listener, as: "pair")
    let file = try plan("--local-port", "8080")
    #expect(try namespace.kill(["--plan", file] + words).status == 64)
    #expect(try pair.client.reaches(pair.server))
  }
}
