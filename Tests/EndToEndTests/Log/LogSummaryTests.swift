import Glibc
import Testing

/// `connreap log` by run and program.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct LogSummaryTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    try namespace.server.rename("leaky-server")
    listener = try namespace.server.listen("many", port: 8080)
  }

  private func log(
    _ arguments: String..., environment: [String: String] = [:]
  ) throws -> CommandResult {
    try Command.run(
      [Tools.connreap, "log", "--state-dir", namespace.state.path] + arguments,
      environment: environment)
  }

  private var label: String { "leaky-server[\(namespace.server.pid)]" }

  @Test func runsAndProgramsAreShown() throws {
    _ = try namespace.closeWaits(3, to: listener)
    let file = try namespace.state.write("leak.yaml", PolicyTests.pileUp)
    let apply = ["policy", "apply", "--state-dir", namespace.state.path, file]
    #expect(try namespace.connreap(apply).status == 0)
    #expect(try namespace.connreap(apply).status == 0, "finds nothing")
    try namespace.server.connectPairs(2, as: "pair", to: listener)
    let killed = try namespace.kill(
      ["--local-port", "8080"], environment: ["SUDO_USER": "alice"])
    #expect(killed.status == 0)
    let ended = try log()
    #expect(ended.errors.isEmpty, "only a terminal gets the counts")
    let lines = ended.lines
    try #require(lines.count == 3, "\(ended.text)")
    #expect(lines[0].contains(#/^20[0-9]{2}-[0-9]{2}-[0-9]{2}$/#))
    let rest = lines.dropFirst().map { $0.drop { $0 != "Z" }.dropFirst() }
    #expect(rest[0] == "  policy pile-up          closed 3    \(label) ← clients of :8080")
    #expect(rest[1] == "  kill by alice (sudo)    closed 2    \(label) ← clients of :8080")
    #expect(try log("--each").lines.count == 6)
    #expect(try log("--result", "run").lines.count == 3)
    #expect(try log("--policy", "pile-*").lines.count == 2)
    #expect(try log("-o", "jsonl").lines.count == 6, "scripts get every decision")
  }

  @Test func timesOfDayDaysAndDurationsLimitIt() throws {
    _ = try namespace.closeWaits(1, to: listener)
    #expect(try namespace.kill("--state", "close-wait").status == 0)
    for since in ["today", "yesterday", "00:00", "1h", "5m ago", "00:00:00Z"] {
      // Around midnight, the entry may be of the previous day.
      let found = try log("--since", since).lines.count + log("--until", since).lines.count
      #expect(found == 2, "\(since)")
    }
    #expect(try log("--since", "yesterday").lines.count == 2)
    #expect(try log("--until", "yesterday").lines.isEmpty)
    #expect(try log("--until", "now").lines.count == 2)
  }

  @Test func localTimesAreReadAndPrinted() throws {
    _ = try namespace.closeWaits(1, to: listener)
    #expect(try namespace.kill("--state", "close-wait").status == 0)
    let zone = ["TZ": "XYZ-05:30"]
    let utc = try log("--each").text.prefix(16)
    let local = try log("--each", "--local", environment: zone)
    #expect(local.text.contains(#/^20[0-9-]+ [0-9:.]+\+05:30  closed /#), "\(local.text)")
    let shifted = try log("--since", "\(local.text.prefix(16))", "--local", environment: zone)
    #expect(shifted.lines.count == 2)
    #expect(shifted.lines[1].contains(#/^[0-9:]{8}\+05:30  kill by /#), "\(shifted.text)")
    #expect(try log("--since", "\(utc)").lines.count == 2)
    #expect(
      try log("--since", "\(local.text.prefix(16))").lines.isEmpty,
      "without --local, the time is UTC, and in the future")
    let script = try log("--local", "-o", "csv", "--no-header", environment: zone)
    #expect(script.text.hasPrefix(utc.replacing(" ", with: "T")), "scripts get UTC")
  }

  @Test func theLocalEndIsSelectedByAFilter() throws {
    _ = try namespace.closeWaits(1, to: listener)
    #expect(try namespace.kill("--state", "close-wait").status == 0)
    #expect(try log("--local", "local", "=", "127.0.0.1").lines.count == 2)
    #expect(try log("local", "=", "10.0.0.1").lines.isEmpty)
    let old = try log("--local", "127.0.0.1")
    #expect(old.status == 64 && old.output.isEmpty, "never taken for another selection")
  }

  @Test func followingPrintsARunWhenItEnds() throws {
    let following = try Command([
      Tools.connreap, "log", "--follow", "--state-dir", namespace.state.path,
    ])
    for count in 1...2 {
      try namespace.server.connectPairs(count, as: "pair-\(count)", to: listener)
      #expect(try namespace.kill("--local-port", "8080").status == 0)
    }
    // It looks for new entries five times per second.
    pause(for: .milliseconds(1000))
    following.signal(SIGTERM)
    let ended = try following.end()
    #expect(ended.status == 143)
    #expect(ended.lines.count == 3, "\(ended.text)")
    #expect(ended.lines.last?.contains("closed 2    \(label) ← clients of :8080") == true)
  }

  @Test(.needs("script")) func aTerminalGetsTheCounts() throws {
    _ = try namespace.closeWaits(4, to: listener)
    let file = try namespace.state.write(
      "leak.yaml", PolicyTests.pileUp.replacing("limit: 10", with: "limit: 3"))
    let apply = ["policy", "apply", "--state-dir", namespace.state.path, file]
    #expect(try namespace.connreap(apply).status == 2)
    #expect(try namespace.kill("--state", "close-wait").status == 0)
    #expect(try namespace.connreap(apply).status == 0)
    let command = "stty cols 80; exec \(Tools.connreap) log --state-dir \(namespace.state.path)"
    let text = try Command.run(
      ["script", "-qec", command, "/dev/null"], environment: ["NO_COLOR": "1", "TERM": "xterm"]
    ).text
    #expect(text.contains("    4, limit 3; nothing closed (exit 2)"), "\(text)")
    #expect(text.contains("2 runs: closed 4, refused 1. --each shows every connection."))
    #expect(text.contains("1 run found nothing to do; --result run shows all runs."))
  }
}
