import Testing

/// Connections that a missing capability leaves unjudged.
///
/// The run reports them first, closes the rest, and exits with 77.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct UnjudgedConnectionTests {
  let namespace: NetworkNamespace
  let pair: (listener: Socket, client: Socket, server: Socket)

  init() throws {
    namespace = try NetworkNamespace()
    pair = try namespace.pair(port: 8080)
  }

  private static let powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]
  private static let withoutOwners = [
    "setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", "--",
  ]
  private static let ownerNotice =
    "2 connections could not be judged: the owner cannot be read; it needs CAP_SYS_PTRACE"

  private var isAlive: Bool { get throws { try pair.client.reaches(pair.server) } }

  @Test(arguments: [
    ["--process", "nothing"], ["--pid", "1"], ["--unit", "nothing.service"],
    ["--container", "abcdef"], ["not process = sshd"], ["--process", "nothing", "--dry-run"],
    ["--process", "nothing", "-o", "json"],
  ])
  func unjudgedSelectionsByOwnerFail(words: [String]) throws {
    for prefix in [Self.powerless, Self.withoutOwners] {
      let ended = try namespace.kill(words, behind: prefix)
      #expect(ended.status == 77, "\(ended.errorText)")
      #expect(ended.errorText.hasPrefix("connreap: " + Self.ownerNotice))
    }
    // With the capability to read owners, there is nothing to report.
    let errorText = try namespace.kill(["--dry-run"] + words).errorText
    #expect(!errorText.contains("cannot be read"), "\(errorText)")
    #expect(try isAlive)
  }

  @Test func connectionsSparedForAnUnreadableOwnerAreUnjudged() throws {
    let ended = try namespace.kill(
      ["--port", "8080", "-o", "json"], behind: Self.withoutOwners)
    #expect(ended.status == 77)
    #expect(ended.errorText.hasPrefix("connreap: " + Self.ownerNotice))
    #expect(try PlanReport(ended).connections.map(\.result) == ["spared", "spared"])
    #expect(try isAlive)
  }

  @Test func theRestIsClosedBeforeTheRunFails() throws {
    // This peer has no capabilities either, so reading it does not need CAP_SYS_PTRACE.
    let other = try Peer(after: namespace.entering + Self.powerless)
    try other.rename("reaped")
    let listener = try other.listen("reaped", port: 8081)
    let client = try other.connect("client", port: 8081)
    let server = try other.accept("server", from: listener)
    let ended = try namespace.kill(["--process", "reaped"], behind: Self.withoutOwners)
    #expect(ended.status == 77, "\(ended.errorText)")
    #expect(ended.errorText.hasPrefix("connreap: " + Self.ownerNotice))
    #expect(ended.text.contains("failed 0"))
    #expect(try client.reaches(server) == false)
    #expect(try isAlive)
  }

  private static let leftOut =
    "1 connection could not be judged (owner or idle time unknown); left out"

  @Test func connectionsLeftOutForAnotherReasonAreNotAFailure() throws {
    // An orphan: no process holds it, so a capability would not help.
    try pair.client.close()
    let ended = try namespace.kill("--process", "nothing")
    #expect(ended.status == 0)
    #expect(ended.errorText.hasPrefix("connreap: " + Self.leftOut))
    let powerless = try namespace.kill(["--process", "nothing"], behind: Self.powerless)
    #expect(powerless.status == 77)
    #expect(powerless.errorText.hasPrefix("connreap: 1 connection could not be judged"))
    #expect(powerless.errorText.contains("\nconnreap: " + Self.leftOut))
  }

  @Test func marksNeedACapability() throws {
    let prefix = KillSafetyTests.withoutNetAdmin
    let ended = try namespace.kill(["--dry-run", "--mark", "7"], behind: prefix)
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("2 connections could not be judged: the mark cannot be read"))
    #expect(ended.errorText.contains("CAP_NET_ADMIN"))
    #expect(try namespace.kill("--dry-run", "--mark", "7").status == 0)
  }

  @Test func aNamespaceThatCannotBeEnteredFailsTheRun() throws {
    let other = try NetworkNamespace()
    let words = ["--port", "9999", "--netns", "\(other.server.pid),\(namespace.server.pid)"]
    let prefix = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--"]
    let ended = try namespace.kill(words, behind: prefix)
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("CAP_SYS_ADMIN"))
    #expect(try namespace.kill(words).status == 0)
  }

  // MARK: Policies

  private func policy(_ match: String, _ more: String = "") throws -> String {
    try namespace.state.write(
      "gaps.yaml",
      """
      version: 1
      policies:
        - name: gaps
          match: {\(match)}
          action: destroy
          \(more)
      """)
  }

  private func run(
    _ command: String, _ file: String, _ options: [String] = [], behind prefix: [String]
  ) throws -> CommandResult {
    try namespace.connreap(
      ["policy", command, "--state-dir", namespace.state.path, file] + options, behind: prefix)
  }

  @Test(arguments: [
    ("process: nothing", ""), ("port: 8080", "except: [{process: nothing}]"),
    ("port: 8080", "group-by: process"), ("port: 8080", ""),
  ])
  func policiesReportUnjudgedConnections(match: String, more: String) throws {
    let file = try policy(match, more)
    for command in ["plan", "apply"] {
      let ended = try run(command, file, behind: Self.withoutOwners)
      #expect(ended.status == 77, "\(command): \(ended.errorText)")
      #expect(ended.errorText.contains(Self.ownerNotice), "\(command): \(ended.errorText)")
    }
    #expect(try isAlive)
    #expect(try run("plan", file, behind: []).status == 0)
  }

  @Test func protectionsByAnUnreadableOwnerAreUnjudged() throws {
    let file = try namespace.state.write(
      "protected.yaml",
      """
      version: 1
      protect: [{process: precious}]
      policies:
        - name: gaps
          match: {local-port: 8080}
          action: destroy
      """)
    let ended = try run("apply", file, behind: Self.withoutOwners)
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("1 connection could not be judged"))
    #expect(try isAlive)
  }

  @Test func aQuietRunReportsUnjudgedConnectionsAndClosesTheRest() throws {
    let other = try Peer(after: namespace.entering + Self.powerless)
    try other.rename("reaped")
    let listener = try other.listen("reaped", port: 8081)
    let client = try other.connect("client", port: 8081)
    let server = try other.accept("server", from: listener)
    let ended = try run(
      "apply", try policy("process: reaped"), ["--quiet"], behind: Self.withoutOwners)
    #expect(ended.status == 77, "\(ended.errorText)")
    #expect(ended.errorText.contains(Self.ownerNotice))
    #expect(try client.reaches(server) == false)
    #expect(try isAlive)
  }
}
