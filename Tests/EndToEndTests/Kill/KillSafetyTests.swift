import Testing

/// What `kill` refuses or spares.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct KillSafetyTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  @Test(.needsTracing) func aDryRunSendsNoDestroyRequests() throws {
    let pair = try namespace.pair(port: 8080)
    let trace = "\(namespace.state.path)/trace"
    let strace = ["strace", "-f", "-e", "trace=sendto,sendmsg,sendmmsg,write", "-o", trace, "--"]
    let dry = try namespace.kill(["--dry-run", "--local-port", "8080"], behind: strace)
    #expect(dry.status == 0)
    #expect(try destroyRequests(in: trace) == 0)
    #expect(dry.text.contains("8080"), "it shows the plan")
    #expect(try pair.client.reaches(pair.server))
    // A real run shows its requests, so the trace would have shown them above.
    #expect(try namespace.kill(["--local-port", "8080"], behind: strace).status == 0)
    #expect(try destroyRequests(in: trace) > 0)
  }

  private func destroyRequests(in trace: String) throws -> Int {
    let matches = try Command.run(["grep", "-cE", "SOCK_DESTROY|nlmsg_type=0x15\\b", trace])
    return Int(matches.lines.first ?? "") ?? 0
  }

  @Test func aDryRunPrintsThePlanAsJSON() throws {
    let pair = try namespace.pair(port: 8080)
    let plan = try PlanReport(try namespace.kill("-n", "--local-port", "8080", "-o", "json"))
    #expect(plan.connections.map(\.decision) == ["close"])
    #expect(plan.connections.map(\.result) == [nil])
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func aPlanAboveTheLimitIsRefusedEntirely() throws {
    let listener = try namespace.server.listen("many", port: 8080)
    let leaks = try namespace.closeWaits(3, to: listener)
    let refused = try namespace.kill("--state", "close-wait", "--max", "2")
    #expect(refused.status == 2)
    #expect(refused.errorText.contains("--max"))
    #expect(try namespace.rows("--state", "close-wait").count == 3)
    #expect(try leaks[0].server.send("alive") == nil)
    #expect(try namespace.kill("--state", "close-wait", "--max", "3").status == 0)
    #expect(try namespace.rows("--state", "close-wait").isEmpty)
  }

  @Test func theDefaultLimitIsAHundred() throws {
    let listener = try namespace.server.listen("many", port: 8080)
    try namespace.server.connectPairs(101, as: "many", to: listener)
    #expect(try namespace.kill("--local-port", "8080").status == 2)
    #expect(try namespace.rows("--local-port", "8080").count == 101)
  }

  @Test func anEmptySelectionRequiresAll() throws {
    let pair = try namespace.pair(port: 8080)
    let refused = try namespace.kill()
    #expect(refused.status == 64)
    #expect(refused.errorText.contains("--all"))
    #expect(try pair.client.reaches(pair.server))
    #expect(try namespace.kill("--all").status == 0)
    #expect(try namespace.rows().isEmpty)
  }

  @Test func listenersAreClosedOnlyWithStateListen() throws {
    let listener = try namespace.server.listen("kept", port: 8080)
    #expect(try namespace.kill("--port", "8080").status == 0)
    #expect(try namespace.kill("--all").status == 0)
    #expect(try namespace.kill("--state", "all", "--port", "8080").status == 0)
    #expect(try namespace.rows("--state", "listen").map(\.cookie) == [listener.cookie])
    #expect(try namespace.kill("--state", "listen", "--local-port", "8080").status == 0)
    #expect(try namespace.rows("--state", "listen").isEmpty)
  }

  @Test func timeWaitSocketsAreLeftToTheirTimer() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.close()
    try pair.server.close()
    #expect(try namespace.kill("--port", "8080").status == 0)
    #expect(try namespace.kill("--all").status == 0)
    #expect(try namespace.rows("--state", "time-wait").count == 1)
  }

  @Test func orphansAreLeftToTheKernel() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.close()
    let ended = try namespace.kill("--peer-port", "8080", "-o", "json")
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.result) == ["spared"])
    #expect(try namespace.rows("--peer-port", "8080").map(\.state) == ["fin-wait-2"])
  }

  @Test func connectionsHeldByAnAncestorAreSpared() throws {
    let pair = try namespace.pair(port: 8080)
    let words = ["kill", "--yes", "--state-dir", namespace.state.path, "--port", "8080"]
    let ended = try namespace.server.run([Tools.connreap] + words + ["-o", "json"])
    #expect(ended.status == 0)
    let report = try PlanReport(ended)
    #expect(report.connections.count == 2)
    #expect(report.connections.allSatisfy { $0.decision == "spare" && $0.result == "spared" })
    #expect(report.connections.allSatisfy { $0.reason?.isEmpty == false })
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func theSSHSessionIsSpared() throws {
    let listener = try namespace.server.listen("ssh", port: 8080)
    // The process at the other end of the session is spared with all its connections.
    let client = try namespace.anotherPeer()
    let session = try namespace.pair(to: listener, client: client, as: "session")
    let other = try namespace.pair(to: listener, as: "other")
    let variable = "127.0.0.1 \(session.client.port) 127.0.0.1 8080"
    let ended = try namespace.kill(
      ["--local-port", "8080"], environment: ["SSH_CONNECTION": variable])
    #expect(ended.status == 0)
    #expect((ended.text + ended.errorText).contains("your own session"))
    #expect(try session.client.reaches(session.server))
    #expect(try other.client.receive() == .failed("ECONNRESET"))
  }

  @Test func theSSHSessionIsSparedWhenSudoHidesIt() throws {
    let session = try namespace.pair(port: 8080)
    let words = ["kill", "--yes", "--state-dir", namespace.state.path, "--local-port", "8080"]
    // Like sudo, env removes the variable. The parent shell still has it.
    let script = "env -u SSH_CONNECTION \"$0\" \"$@\"; exit $?"
    let ended = try Command.run(
      namespace.entering + ["sh", "-c", script, Tools.connreap] + words,
      environment: ["SSH_CONNECTION": "127.0.0.1 \(session.client.port) 127.0.0.1 8080"])
    #expect(ended.status == 0)
    #expect(ended.text.contains("your own session"))
    #expect(try session.client.reaches(session.server))
  }

  @Test func sshdIsSparedUnlessUnprotected() throws {
    let daemon = try namespace.anotherPeer()
    try daemon.rename("sshd")
    let listener = try daemon.listen("daemon", port: 8080)
    let pair = try namespace.pair(to: listener, client: namespace.server, as: "login")
    let spared = try namespace.kill("--local-port", "8080", "-o", "json")
    #expect(spared.status == 0)
    #expect(try PlanReport(spared).connections.map(\.result) == ["spared"])
    #expect(try pair.client.reaches(pair.server))
    #expect(try namespace.kill("--local-port", "8080", "--unprotect", "sshd").status == 0)
    #expect(try pair.client.receive() == .failed("ECONNRESET"))
  }

  @Test func aProtectedOwnerProtectsSharedSockets() throws {
    let pair = try namespace.pair(port: 8080)
    try namespace.server.rename("sshd")
    _ = try namespace.server.fork(sharing: [pair.server])
    try namespace.server.rename("worker")
    #expect(try namespace.kill("--local-port", "8080").status == 0)
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func theMissingCapabilityIsNamed() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try namespace.kill(["--local-port", "8080"], behind: Self.withoutNetAdmin)
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("CAP_NET_ADMIN"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func theMissingCapabilityIsNamedWhenOwnersCannotBeRead() throws {
    let pair = try namespace.pair(port: 8080)
    let powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]
    let ended = try namespace.kill(["--local-port", "8080"], behind: powerless)
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("CAP_NET_ADMIN"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func aDryRunStillPlansWithoutTheCapability() throws {
    _ = try namespace.pair(port: 8080)
    let ended = try namespace.kill(
      ["--dry-run", "--local-port", "8080", "-o", "json"], behind: Self.withoutNetAdmin)
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.decision) == ["close"])
  }

  /// Root without CAP_NET_ADMIN.
  static let withoutNetAdmin = [
    "setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", "--",
  ]
}
