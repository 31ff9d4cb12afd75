import Testing

/// Large plans are summarized, and what `kill` says to type works as printed.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct KillSummaryTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    try namespace.server.rename("leaky-server")
    listener = try namespace.server.listen("pool", port: 8080)
  }

  /// Runs a printed command in the namespace.
  private func run(_ command: Substring) throws -> CommandResult {
    try Command.run(
      namespace.entering + [
        "sh", "-c", "connreap() { '\(Tools.connreap)' \"$@\"; }; \(command)",
      ])
  }

  /// The command behind `label` in what connreap printed.
  private func command(_ label: String, in ended: CommandResult) throws -> Substring {
    let lines = ended.errorText.split(separator: "\n") + ended.lines
    let line = try #require(lines.first { $0.hasPrefix(label + ":  ") }, "\(ended.errorText)")
    return line.dropFirst(label.utf8.count + 3)
  }

  @Test func aLargePlanIsSummarizedByProgramAndPeer() throws {
    try namespace.server.connectPairs(30, as: "pair", to: listener)
    let words = ["kill", "--local-port", "8080", "--state-dir", namespace.state.path]
    let plan = try namespace.connreap(words + ["-n"])
    #expect(plan.lines.count == 3, "\(plan.text)")
    #expect(plan.lines[0] == "30 connections would be closed (RST to the peer):")
    let label = "  leaky-server[\(namespace.server.pid)]  30 ← clients of :8080  idle "
    #expect(plan.lines[1].hasPrefix(label), "\(plan.text)")
    #expect(try namespace.connreap(words + ["-n", "-v"]).lines.count == 31)
    let done = try namespace.connreap(words + ["-y"])
    #expect(done.lines.count <= 4 && done.lines[0].hasPrefix(label), "\(done.text)")
    #expect(done.text.contains("\nclosed 30, gone 0, failed 0.\n"))
  }

  @Test func everyConnectionOfASmallPlanIsListed() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let plan = try namespace.connreap("kill", "-n", "--state", "close-wait")
    #expect(plan.lines.count == 4 && plan.lines.allSatisfy { !$0.contains("-v") })
  }

  @Test func aRefusalNamesTheNumberAndTheCommands() throws {
    _ = try namespace.closeWaits(4, to: listener)
    let words = [
      "kill", "--max", "3", "--yes", "--state-dir", namespace.state.path, "state", "close-wait",
    ]
    let refused = try namespace.connreap(words)
    #expect(refused.status == 2)
    #expect(
      refused.errorText.hasPrefix(
        "connreap: refused: 4 connections would be closed, more than --max 3; nothing was closed\n")
    )
    #expect(try namespace.rows("--state", "close-wait").count == 4)
    let checked = try run(command("check them", in: refused))
    #expect(checked.status == 0, "\(checked.errorText)")
    #expect(checked.text.hasPrefix("4 of 4 connections would be closed"), "\(checked.text)")
    #expect(try namespace.rows("--state", "close-wait").count == 4)
    let closed = try run(command("close them", in: refused))
    #expect(closed.status == 0, "\(closed.errorText)")
    #expect(closed.text.contains("closed 4, gone 0, failed 0."))
    #expect(try namespace.rows("--state", "close-wait").isEmpty)
  }

  @Test func aRefusedPlanFileIsClosedByTheCommandToo() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let dry = try namespace.connreap("kill", "-n", "--state", "close-wait", "-o", "json")
    let file = try namespace.state.write("a plan.json", dry.text)
    let refused = try namespace.connreap(
      "kill", "--plan", file, "--max=1", "-y", "--state-dir", namespace.state.path)
    #expect(refused.status == 2)
    #expect(try run(command("check them", in: refused)).text.hasPrefix("2 connections would be"))
    #expect(try run(command("close them", in: refused)).text.contains("closed 2, "))
    #expect(try namespace.rows("--state", "close-wait").isEmpty)
  }

  @Test func aRefusedDryRunOnlySaysHowToCheck() throws {
    _ = try namespace.closeWaits(2, to: listener)
    let refused = try namespace.connreap("kill", "-n", "--max", "1", "--state", "close-wait")
    #expect(refused.status == 2)
    #expect(!refused.errorText.contains("close them:"))
    #expect(try run(command("check them", in: refused)).status == 0)
  }

  @Test func thePlanOfAPolicyNamesTheCommandThatAppliesIt() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let file = try namespace.state.write("it's a leak.yaml", PolicyTests.pileUp)
    let plan = try namespace.connreap(
      "policy", "plan", "--state-dir", namespace.state.path, file)
    #expect(plan.text.contains("3 of 3 will be closed (threshold 3)  in CLOSE-WAIT, oldest ≥ "))
    let applied = try run(command("apply it", in: plan))
    #expect(applied.text.contains("3 of 3 to close (threshold 3)"), "\(applied.text)")
    #expect(applied.text.contains("closed 3, gone 0, failed 0."))
    #expect(try namespace.rows("--state", "close-wait").isEmpty)
    let again = try namespace.connreap("policy", "plan", file)
    #expect(!again.text.contains("apply it:"))
  }

  @Test func aRefusedPolicyNamesItsConnectionsAndTheLimit() throws {
    _ = try namespace.closeWaits(4, to: listener)
    let file = try namespace.state.write(
      "leak.yaml", PolicyTests.pileUp.replacing("limit: 10", with: "limit: 3"))
    let plan = try namespace.connreap("policy", "plan", file)
    #expect(plan.status == 2)
    #expect(plan.text.contains("4 exceed the limit of 3: refused, nothing is closed"))
    let listed = try run(command("check them", in: plan))
    #expect(listed.status == 0, "\(listed.errorText)")
    #expect(listed.lines.count { $0.hasPrefix("CLOSE-WAIT") } == 4, "\(listed.text)")
    #expect(plan.errorText.contains("to close them anyway, set 'limit: 4' in the policy\n"))
    let raised = try namespace.state.write(
      "leak.yaml", PolicyTests.pileUp.replacing("limit: 10", with: "limit: 4"))
    #expect(try namespace.connreap("policy", "plan", raised).status == 0)
  }

  /// A line of a plan or an outcome never wraps.
  @Test(.needs("script"), arguments: [80, 100]) func everyLineFitsTheTerminal(columns: Int) throws {
    try namespace.server.connectPairs(30, as: "pair", to: listener)
    let file = try namespace.state.write(
      "p.yaml", PolicyTests.pileUp.replacing("close-wait", with: "established"))
    for words in [
      "kill -n --all", "policy plan \(file)",
      "kill -y --all --state-dir \(namespace.state.path)",
    ] {
      let command = "stty cols \(columns); exec \(Tools.connreap) \(words) 2>/dev/null"
      let ended = try Command.run(
        namespace.entering + ["script", "-qec", command, "/dev/null"],
        environment: ["NO_COLOR": "1", "TERM": "xterm"])
      let lines = ended.text.split(whereSeparator: \.isNewline).map { line in
        String(line.split(separator: "\r").last ?? "").replacing("\u{1b}[K", with: "")
      }
      // A command stays on one line, to be copied.
      let fitting = lines.filter { line in
        !line.hasPrefix("apply it:")
      }
      #expect(fitting.count >= 3, "\(lines)")
      for line in fitting { #expect(line.unicodeScalars.count <= columns, "\(line)") }
    }
  }
}
