import Glibc
import Testing

/// Runs that stop early: each reports and logs what it closed.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct InterruptionTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    listener = try namespace.server.listen("many", port: 8080)
    try namespace.server.connectPairs(20, as: "many", to: listener)
  }

  private var state: String { namespace.state.path }

  private var words: [String] {
    ["kill", "--yes", "--state-dir", state, "--local-port", "8080"]
  }

  /// Checks that the log, the report and the kernel agree on a partial run.
  ///
  /// - Returns: the number of connections that remain.
  private func checkPartialRun(_ report: PlanReport) throws -> Int {
    let closed = report.connections.filter { $0.result == "closed" }.map(\.cookie)
    let left = report.connections.filter { $0.reason?.hasPrefix("not done") == true }.map(\.cookie)
    #expect(closed.count + left.count == 20)
    #expect(!closed.isEmpty && !left.isEmpty)
    #expect(try AuditRecord.cookies(of: "closing", in: state) == closed)
    #expect(try AuditRecord.cookies(of: "closed", in: state) == closed)
    let listed = try namespace.rows("--local-port", "8080").map(\.cookie)
    #expect(Set(listed) == Set(left))
    return left.count
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalStopsTheRunAfterTheCurrentConnection(number: Int32) throws {
    let running = try namespace.start(words + ["--rate", "5", "-o", "json"])
    try namespace.waitForClosings(2)
    running.signal(number)
    let ended = try running.end(within: 5)
    #expect(ended.status == 128 + number)
    let left = try checkPartialRun(PlanReport(ended))
    #expect(ended.errorText.contains("\(left) connections not done"))
    #expect(ended.errorText.contains("stopped by SIG"))
  }

  @Test func ignoredSignalsStayIgnored() throws {
    let command = namespace.entering + ["nohup", Tools.connreap] + words + ["--rate", "20"]
    let running = try Command(command)
    try namespace.waitForClosings(1)
    running.signal(SIGHUP)
    #expect(try running.end().status == 0)
    #expect(try namespace.rows("--local-port", "8080").isEmpty)
  }

  @Test func aSignalEndsACommandThatHasClosedNothing() throws {
    // `list` stands in for a `kill` that waits at its prompt.
    let running = try namespace.start(["list", "--netns", "all"])
    running.signal(SIGTERM)
    #expect([0, 143].contains(try running.end().status))
  }

  @Test func theTimeoutStopsTheRunAndReportsTheRest() throws {
    let ended = try namespace.connreap(
      words + ["--rate", "5", "--timeout", "900ms", "-o", "json"])
    #expect(ended.status == 1)
    let left = try checkPartialRun(PlanReport(ended))
    #expect(ended.errorText.contains("timeout reached; \(left) connections not done"))
  }

  @Test func theTextReportListsAndCountsTheRest() throws {
    let ended = try namespace.connreap(words + ["--rate", "1", "--timeout", "900ms"])
    #expect(ended.status == 1)
    #expect(
      ended.lines.filter { $0.contains("not done") && $0.contains("timeout reached") }.count == 19)
    #expect(ended.text.contains("closed 1, gone 0, failed 0, not done 19."))
  }

  @Test func theRunKeepsToItsRate() throws {
    let start = ContinuousClock.now
    #expect(try namespace.connreap(words + ["--rate", "10"]).status == 0)
    let duration = ContinuousClock.now - start
    #expect(duration >= .milliseconds(1890))
    #expect(duration < .seconds(10))
  }

  @Test func applyObeysTheRateOfThePolicyAndItsOwnTimeout() throws {
    let file = try namespace.state.write(
      "slow.yaml",
      """
      version: 1
      policies:
        - name: slow
          match: {local-port: 8080}
          action: destroy
          limit: 50
          rate: 5
      """)
    let ended = try namespace.connreap([
      "policy", "apply", "--state-dir", state, "--timeout", "900ms", "-o", "json", file,
    ])
    #expect(ended.status == 1)
    _ = try checkPartialRun(PlanReport(ended))
    let rest = try namespace.rows("--local-port", "8080").count
    #expect(rest >= 7, "it closes no faster than its rate")
    // The next run closes the rest.
    #expect(
      try namespace.connreap("policy", "apply", "--state-dir", state, "-o", "json", file).status
        == 0)
    #expect(try namespace.rows("--local-port", "8080").isEmpty)
  }

  @Test func aClosedPipeStopsTheRun() throws {
    let script = "\"$@\" --rate 5 | sleep 0.5; exit ${PIPESTATUS[0]}"
    let ended = try Command.run(
      namespace.entering + ["bash", "-c", script, "sh", Tools.connreap] + words)
    #expect(ended.status == 1)
    #expect(ended.errorText.contains("cannot write the output: Broken pipe; closed "))
    #expect(ended.errorText.contains("output closed; "))
    let closed = try AuditRecord.cookies(of: "closed", in: state)
    #expect(!closed.isEmpty && closed.count < 20)
    #expect(try AuditRecord.cookies(of: "closing", in: state) == closed)
    #expect(try namespace.rows("--local-port", "8080").count == 20 - closed.count)
  }

  @Test func nothingIsClosedWhenThePipeIsClosedFromTheStart() throws {
    let script = "mkfifo \"$0\"; exec 3<>\"$0\" 4>\"$0\" 3>&-; \"$@\" >&4"
    let ended = try Command.run(
      namespace.entering + ["bash", "-c", script, state + "/fifo", Tools.connreap] + words)
    #expect(ended.status == 1)
    #expect(try namespace.rows("--local-port", "8080").count == 20)
  }

  @Test(arguments: ["20k", "24k"])
  func aFullDiskStopsTheRun(size: String) throws {
    // 20k holds only some of the announcements. 24k holds all of them, but not every result.
    let script = """
      mount -t tmpfs -o size=\(size),mode=0700 none "$0" || exit 99
      "$@" -o json; status=$?; cat "$0/audit.jsonl" >&2; exit $status
      """
    let ended = try Command.run(
      namespace.entering + ["unshare", "--mount", "bash", "-c", script, state, Tools.connreap]
        + words)
    #expect(ended.status == 1)
    #expect(ended.errorText.contains("No space left on device"))
    let report = try PlanReport(ended)
    let closed = report.connections.count { $0.result == "closed" }
    #expect(size == "20k" ? closed > 0 && closed < 20 : closed == 20)
    #expect(try namespace.rows("--local-port", "8080").count == 20 - closed)
    let announced = ended.errorText.split(separator: "\n").count {
      $0.contains("\"event\":\"closing\"")
    }
    #expect(announced >= closed, "nothing is closed that is not in the log")
  }

  @Test func theFileSizeLimitStopsTheRun() throws {
    let ended = try namespace.connreap(
      words + ["-o", "json"], behind: ["prlimit", "--fsize=20480", "--"])
    #expect(ended.status == 1)
    #expect(ended.errorText.contains("File too large") || ended.errorText.contains("No space"))
    let closed = try PlanReport(ended).connections.count { $0.result == "closed" }
    #expect(closed > 0 && closed < 20)
  }

  @Test(arguments: [
    ["--rate", "0"], ["--rate", "-1"], ["--rate", "fast"], ["--timeout", "5"],
    ["--timeout", "0s"], ["--timeout", "soon"],
  ])
  func invalidRatesAndTimeoutsAreBadUsage(option: [String]) throws {
    let ended = try namespace.connreap(words + option)
    #expect(ended.status == 64)
    #expect(try namespace.rows("--local-port", "8080").count == 20)
  }
}
