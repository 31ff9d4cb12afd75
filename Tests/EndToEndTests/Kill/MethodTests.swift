import Testing

/// What each method closes, and what both ends and the network see.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct MethodTests {
  let namespace: NetworkNamespace

  init() throws { namespace = try NetworkNamespace() }

  /// What the peer reads after each method.
  private static let methods: [(method: String, peer: Received)] = [
    ("destroy", .failed("ECONNRESET")), ("abort", .failed("ECONNRESET")), ("shutdown", .end),
  ]

  @Test(arguments: methods)
  func eachMethodClosesOnlyTheSelectedConnection(method: String, peer: Received) throws {
    let target = try namespace.pair(port: 8080)
    let bystander = try namespace.pair(port: 8081)
    let ended = try namespace.kill("--local-port", "8080", "--method", method, "-o", "json")
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.result) == ["closed"])
    #expect(try target.client.receive() == peer)
    #expect(try bystander.client.reaches(bystander.server))
    #expect(try target.server.isOpen(), "the program's descriptor stays open")
    let again = try namespace.pair(to: target.listener, as: "again")
    #expect(try again.client.reaches(again.server), "the listener still accepts")
  }

  @Test(arguments: methods)
  func eachMethodClosesCloseWaitConnections(method: String, peer: Received) throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.finish()
    let ended = try namespace.kill("--state", "close-wait", "--method", method)
    #expect(ended.status == 0)
    #expect(ended.text.contains("closed 1"))
    #expect(try pair.client.receive() == peer)
    #expect(try namespace.rows("--state", "close-wait,last-ack").isEmpty)
  }

  @Test(arguments: [("destroy", "R"), ("abort", "R"), ("shutdown", "F")])
  func eachMethodSendsItsSegment(method: String, flag: Character) throws {
    let pair = try namespace.pair(port: 8080)
    try namespace.server.startCapture()
    let dry = try namespace.kill("--dry-run", "--local-port", "8080", "--method", method)
    #expect(dry.status == 0)
    #expect(try pair.server.sent() == [], "a dry run sends nothing")
    #expect(try namespace.kill("--local-port", "8080", "--method", method).status == 0)
    let sent = try pair.server.sent()
    #expect(sent.count { $0.contains(flag) } == 1, "\(sent)")
    #expect(!sent.contains { $0.contains(flag == "R" ? "F" : "R") }, "\(sent)")
  }

  @Test func armingKeepaliveSendsAndClosesNothing() throws {
    let pair = try namespace.pair(port: 8080)
    try namespace.server.startCapture()
    let ended = try namespace.kill(
      "--local-port", "8080", "--method", "keepalive", "--keepalive-idle", "40s",
      "--keepalive-interval", "7s", "--keepalive-count", "4", "--user-timeout", "90s",
      "-o", "json")
    #expect(ended.status == 0)
    let row = try #require(try PlanReport(ended).connections.first)
    #expect(row.result == "spared")
    #expect(
      row.reason
        == "keepalive armed, not closed: 40s + 4 × 7s, user timeout 90000ms, before off")
    #expect(try pair.server.keepalive() == [1, 40, 7, 4, 90_000])
    #expect(try pair.client.keepalive()[0] == 0, "the other end is not selected")
    #expect(try pair.server.sent() == [])
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func armedConnectionsEndOnlyWhenThePeerStopsAnswering() throws {
    let dead = try namespace.pair(port: 8080)
    let words = [
      "--local-port", "8080", "--method", "keepalive", "--keepalive-idle", "1s",
      "--keepalive-interval", "1s", "--keepalive-count", "2",
    ]
    let armed = try namespace.kill(words)
    #expect(armed.status == 0)
    #expect(armed.text.contains("armed 1, gone 0, failed 0"))
    #expect(try dead.server.receive() == .failed("EAGAIN"), "its peer has answered for 5 s")
    try namespace.server.cutLoopback()
    var received = try dead.server.receive()
    // A busy machine may send its probes late.
    if received == .failed("EAGAIN") { received = try dead.server.receive() }
    #expect(received == .failed("ETIMEDOUT"))
  }

  @Test func afterAShutdownTheProgramReadsEOF() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try pair.client.send("last words") == nil)
    let ended = try namespace.kill("--local-port", "8080", "--method", "shutdown")
    #expect(ended.text.contains("read → data already received, then EOF"))
    #expect(try pair.server.receive() == .text("last words"))
    #expect(try pair.server.receive() == .end)
    #expect(try pair.server.send("more") == "EPIPE")
  }

  @Test func aShutdownSendsQueuedDataFirst() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try pair.server.send("answer") == nil)
    #expect(try namespace.kill("--local-port", "8080", "--method", "shutdown").status == 0)
    #expect(try pair.client.receive() == .text("answer"))
    #expect(try pair.client.receive() == .end)
  }

  @Test func afterAnAbortTheProgramSeesAReset() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try pair.client.send("lost") == nil)
    let ended = try namespace.kill("--local-port", "8080", "--method", "abort")
    #expect(ended.text.contains("read → ECONNRESET, then ENOTCONN"))
    #expect(try pair.server.receive() == .failed("ECONNRESET"))
    #expect(try pair.server.receive() == .failed("ENOTCONN"))
    #expect(try pair.server.send("more") == "EPIPE")
    #expect(try namespace.rows("--port", "8080").isEmpty)
  }

  @Test func aShutdownReportsThatItWaitsForThePeer() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try namespace.kill("--local-port", "8080", "--method", "shutdown", "-o", "json")
    let row = try #require(try PlanReport(ended).connections.first)
    #expect(row.result == "closed")
    #expect(row.reason?.hasPrefix("FIN sent; in FIN-WAIT-") == true)
    #expect(try namespace.row(of: pair.server)?.state == "fin-wait-2")
    // The second time, nothing is left to shut down.
    let again = try namespace.kill("--local-port", "8080", "--method", "shutdown", "-o", "json")
    #expect(again.status == 0)
    #expect(
      try PlanReport(again).connections.first?.reason
        == "already shut down by its program: FIN-WAIT-2; use --method abort or destroy")
    #expect(try namespace.kill("--local-port", "8080", "--method", "abort").status == 0)
    #expect(try namespace.row(of: pair.server) == nil)
  }

  @Test func oneDescriptorOfASharedSocketIsEnough() throws {
    let pair = try namespace.pair(port: 8080)
    _ = try namespace.server.fork(sharing: [pair.server])
    let ended = try namespace.kill("--local-port", "8080", "--method", "shutdown")
    #expect(ended.status == 0)
    #expect(ended.text.contains("closed 1, gone 0, failed 0"))
    #expect(try pair.client.receive() == .end)
  }

  @Test func connectionsWithoutAnOwnerAreSparedByAbort() throws {
    let pair = try namespace.pair(port: 8080)
    try pair.client.close()
    let ended = try namespace.kill(
      "--state", "fin-wait-2", "--method", "abort", "-o", "json")
    #expect(ended.status == 0)
    let row = try #require(try PlanReport(ended).connections.first)
    #expect(row.result == "spared")
    #expect(
      row.reason == "no known process holds a descriptor of it; --method destroy needs none")
  }

  @Test func everyMethodSparesConnectionsInAnAcceptQueue() throws {
    let listener = try namespace.server.listen("busy", port: 8080)
    let waiting = try namespace.server.connect("waiting", port: listener.port)
    for method in ["destroy", "shutdown", "abort", "keepalive"] {
      let ended = try namespace.kill("--local-port", "8080", "--method", method, "-o", "json")
      #expect(ended.status == 0)
      #expect(
        try PlanReport(ended).connections.map(\.reason)
          == ["in an accept queue; its program has not accepted it yet"])
    }
    let accepted = try namespace.server.accept("accepted", from: listener)
    #expect(try waiting.reaches(accepted))
  }

  @Test(.needsMPTCP) func onlyShutdownEndsAnMPTCPConnection() throws {
    let pair = try namespace.server.mptcpPair(port: 8080, as: "multi")
    for method in ["destroy", "abort", "keepalive"] {
      let spared = try namespace.kill("--local-port", "8080", "--method", method, "-o", "json")
      #expect(spared.status == 0)
      let reason = try PlanReport(spared).connections.first?.reason
      #expect(reason?.contains("--method shutdown closes all of it") == true)
    }
    #expect(try pair.client.reaches(pair.server))
    let ended = try namespace.kill("--local-port", "8080", "--method", "shutdown", "-o", "json")
    #expect(ended.status == 0)
    #expect(try PlanReport(ended).connections.map(\.result) == ["closed"])
    #expect(try pair.client.receive() == .end)
    #expect(try pair.server.receive() == .end)
  }

  @Test func bothEndsOnThisMachineCountAsOneConnection() throws {
    _ = try namespace.pair(port: 8080)
    let ended = try namespace.kill("--port", "8080")
    #expect(ended.status == 0)
    #expect(
      ended.text.contains("closed 1, gone 0, failed 0; 1 other end on this machine closed with it"))
  }

  @Test func theAuditLogNamesTheMethod() throws {
    let pair = try namespace.pair(port: 8080)
    #expect(try namespace.kill("--local-port", "8080", "--method", "shutdown").status == 0)
    let log = try Command.run(["cat", namespace.state.path + "/audit.jsonl"]).lines.filter {
      !$0.contains("\"event\":\"run\"")
    }
    #expect(log.count == 2)
    #expect(log.allSatisfy { $0.contains("\"method\":\"shutdown\"") })
    #expect(log.allSatisfy { $0.contains(pair.server.cookie) })
  }

  @Test func anUnknownMethodIsBadUsage() throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try namespace.kill("--local-port", "8080", "--method", "kick")
    #expect(ended.status == 64)
    #expect(ended.errorText.contains("destroy, shutdown, abort, keepalive"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test(arguments: ["shutdown", "abort", "keepalive"])
  func methodsThatCannotReachAnOwnerNameTheMissingCapability(method: String) throws {
    let pair = try namespace.pair(port: 8080)
    let powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]
    let ended = try namespace.kill(
      ["--local-port", "8080", "--method", method], behind: powerless)
    // Root without capabilities sees root's processes. Yama decides which it may reach.
    #expect([0, 77].contains(ended.status), "\(ended.errorText)")
    #expect(ended.status == 0 || ended.errorText.contains("CAP_SYS_PTRACE"))
    #expect(try pair.server.isOpen())
  }

  /// Runs `kill` while pidfd_getfd(2) fails from this call on.
  ///
  /// The first call is the tool's probe of itself.
  private func kill(withDuplicationError error: String, from call: Int) throws -> CommandResult {
    try namespace.kill(
      ["--local-port", "8080", "--method", "shutdown"],
      behind: [
        "strace", "-f", "-qq", "-o", "/dev/null", "-e",
        "inject=pidfd_getfd:error=\(error):when=\(call)+", "--",
      ])
  }

  @Test(
    .needsTracing,
    arguments: [
      ("ENOSYS", 1, Int32(69), "Linux 5.6"), ("EPERM", 1, 77, "seccomp"),
      ("EPERM", 2, 77, "CAP_SYS_PTRACE is held, but"), ("ENOSYS", 2, 69, "pidfd_getfd"),
      ("EBADF", 2, 1, "is closed"), ("ESRCH", 2, 1, "has exited"),
      ("EMFILE", 2, 1, "pidfd_getfd: "),
    ])
  func kernelErrorsAreReportedAndNothingIsClosed(
    error: String, call: Int, status: Int32, message: String
  ) throws {
    let pair = try namespace.pair(port: 8080)
    let ended = try kill(withDuplicationError: error, from: call)
    #expect(ended.status == status)
    #expect((ended.text + ended.errorText).contains(message), "\(ended.text)\(ended.errorText)")
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func doctorReportsTheMissingPtraceCapability() throws {
    let user = ["setpriv", "--reuid", "54321", "--clear-groups", "--"]
    let ended = try Command.run(namespace.entering + user + [Tools.connreap, "doctor"])
    let line = ended.lines.first { $0.contains("descriptor access") }
    #expect(line?.hasPrefix("!") == true)
    #expect(line?.contains("CAP_SYS_PTRACE missing") == true)
  }

  @Test func ordinaryUsersCannotReachOtherUsersProcesses() throws {
    let pair = try namespace.pair(port: 8080)
    // The user cannot read root's descriptors, so it sees no owner.
    let user = ["setpriv", "--reuid", "54321", "--clear-groups", "--"]
    let ended = try Command.run(
      namespace.entering + user + [
        Tools.connreap, "kill", "--yes", "--local-port", "8080", "--method", "shutdown",
      ])
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("CAP_SYS_PTRACE"))
    #expect(try pair.client.reaches(pair.server))
  }

  @Test func ordinaryUsersCloseTheirOwnConnections() throws {
    let user = ["setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups", "--"]
    let own = try Peer(after: namespace.entering + user)
    let listener = try own.listen("mine", port: 8080)
    let pair = try namespace.pair(to: listener, client: namespace.server, as: "mine")
    let directory = try TemporaryDirectory()
    #expect(try Command.run(["chown", "54321:54321", directory.path]).status == 0)
    let ended = try Command.run(
      namespace.entering + user + [
        Tools.connreap, "kill", "--yes", "--state-dir", directory.path, "--local-port", "8080",
        "--method", "shutdown",
      ])
    guard ended.status == 0 else {
      // Yama may forbid even that.
      #expect(ended.status == 77)
      return
    }
    #expect(ended.text.contains("closed 1"))
    #expect(try pair.client.receive() == .end)
  }
}

/// Methods as policy actions.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct PolicyMethodTests {
  let namespace: NetworkNamespace
  let directory: TemporaryDirectory

  init() throws {
    namespace = try NetworkNamespace()
    directory = try TemporaryDirectory()
  }

  private func apply(_ action: String) throws -> CommandResult {
    let text = PolicyTests.pileUp.replacing("action: destroy", with: "action: \(action)")
    let file = try directory.write("p.yaml", text)
    return try namespace.connreap([
      "policy", "apply", "--state-dir", namespace.state.path, file,
    ])
  }

  @Test(arguments: [("shutdown", Received.end), ("abort", .failed("ECONNRESET"))])
  func closingActionsCloseTheConnections(action: String, peer: Received) throws {
    let leaks = try namespace.closeWaits(
      3, to: try namespace.server.listen("pool", port: 8080))
    let ended = try apply(action)
    #expect(ended.status == 0)
    #expect(ended.text.contains("closed 3, gone 0, failed 0"))
    for leak in leaks { #expect(try leak.client.receive() == peer) }
    #expect(try namespace.rows("--state", "close-wait").isEmpty)
  }

  @Test func keepaliveArmsAndClosesNothing() throws {
    let leaks = try namespace.closeWaits(
      3, to: try namespace.server.listen("pool", port: 8080))
    let ended = try apply("keepalive")
    #expect(ended.status == 0)
    #expect(ended.text.contains("armed 3, gone 0, failed 0"))
    for leak in leaks { #expect(try leak.server.keepalive()[0] == 1) }
    #expect(try namespace.rows("--state", "close-wait").count == 3)
  }

  @Test func thePlanCountsConnectionsToArm() throws {
    _ = try namespace.closeWaits(3, to: try namespace.server.listen("pool", port: 8080))
    let text = PolicyTests.pileUp.replacing("action: destroy", with: "action: keepalive")
    let ended = try namespace.connreap("policy", "plan", try directory.write("p.yaml", text))
    #expect(ended.status == 0)
    #expect(ended.text.contains("arm 3"))
    #expect(ended.text.contains("Plan: close 0, arm 3, report 0"))
    #expect(ended.text.contains("apply it:  connreap policy apply"))
  }
}
