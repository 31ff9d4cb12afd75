import FoundationEssentials
import Glibc
import Testing

/// Log entries about runs, and how `connreap log` shows them.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct RunLogTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    #expect(chmod(namespace.state.path, 0o700) == 0)
    listener = try namespace.server.listen("many", port: 8080)
  }

  private var state: String { namespace.state.path }

  private func log(_ arguments: String...) throws -> CommandResult {
    try Command.run([Tools.connreap, "log", "--each", "--state-dir", state] + arguments)
  }

  private func apply(_ name: String, _ keys: String, options: [String] = []) throws -> CommandResult
  {
    let file = try namespace.state.write(
      "\(name).yaml",
      "version: 1\npolicies:\n  - name: \(name)\n    match: {state: close-wait}\n    \(keys)\n")
    return try namespace.connreap(
      ["policy", "apply", "--state-dir", state, file] + options)
  }

  @Test func aRunThatFindsNothingIsLogged() throws {
    #expect(try apply("leak", "action: destroy", options: ["--quiet"]).output.isEmpty)
    let runs = try AuditedRun.all(in: state)
    #expect(runs.map(\.policies) == [["leak"]])
    #expect(runs.map(\.exit) == [0] && runs.map(\.found) == [0] && runs.map(\.closed) == [0])
    let lines = try log().lines
    #expect(lines.count == 1)
    #expect(
      lines.first?.contains(
        /^20[0-9-]+ [0-9:.]+Z  run +policy apply: found 0, closed 0; exit code 0$/) == true)
  }

  @Test func aRunThatOnlyReportsIsLogged() throws {
    _ = try namespace.closeWaits(3, to: listener)
    #expect(try apply("leak", "action: report").status == 0)
    #expect(try AuditedRun.all(in: state).map(\.reported) == [3])
    #expect(try log().text.contains("policy apply: found 3, reported 3, closed 0; exit code 0"))
  }

  @Test func aRefusedRunIsLogged() throws {
    _ = try namespace.closeWaits(3, to: listener)
    #expect(try apply("leak", "action: destroy\n    limit: 2").status == 2)
    #expect(try log().text.contains("found 3, closed 0; refused: leak (3, limit 2); exit code 2"))
  }

  @Test func aRunThatGivesUpIsLogged() throws {
    for round in 0..<2 {
      for number in 0..<2 {
        try namespace.pair(to: listener, as: "\(round)-\(number)").client.finish()
      }
      #expect(try apply("leak", "action: destroy\n    give-up-after: 1").status == 0)
    }
    let runs = try AuditedRun.all(in: state)
    #expect(runs.map(\.closed) == [2, 0])
    #expect(runs.last?.givenUp?.map(\.policy) == ["leak"])
    #expect(try log().text.contains("found 2, closed 0; given up: leak (1 group); exit code 0"))
  }

  @Test func aFailedRunIsLoggedWithTheReason() throws {
    #expect(mkdir(state + "/connreap.db", 0o700) == 0)
    #expect(try apply("leak", "action: destroy").status == 1)
    let run = try #require(try AuditedRun.all(in: state).first)
    #expect(run.exit == 1 && run.closed == nil)
    #expect(run.error?.contains("cannot remember this run") == true)
    #expect(try log().text.contains("cannot remember this run"))
  }

  @Test func runsThatClosedConnectionsAreShownOnRequest() throws {
    _ = try namespace.closeWaits(3, to: listener)
    #expect(try apply("leak", "action: destroy").status == 0)
    #expect(try log().lines.count == 3)
    let runs = try log("--result", "run").lines
    #expect(runs.count == 1 && runs.first?.hasSuffix("found 3, closed 3; exit code 0") == true)
    #expect(try log("--result", "run,closed").lines.count == 4)
    #expect(try log("--result", "run", "--policy", "le*").lines.count == 1)
    #expect(try log("--result", "run", "--policy", "x*").lines.isEmpty)
    #expect(try log("--result", "run", "--until", "1h").lines.isEmpty)
    #expect(try log("--result", "run", "--port", "8080").lines.isEmpty, "a run is not a connection")
    #expect(try log("--result", "ran").errorText.contains("did you mean \"run\"?"))
  }

  @Test func everyFormatIncludesRuns() throws {
    #expect(try apply("leak", "action: destroy").status == 0)
    let line = try log("-o", "jsonl").lines
    #expect(line.count == 1 && line.first?.contains("\"event\":\"run\"") == true)
    struct Whole: Decodable {
      struct Record: Decodable { let event: String }
      let records: [Record]
      let summary: [String: Int]
    }
    let whole = try JSONDecoder().decode(Whole.self, from: Data(log("-o", "json").output))
    #expect(whole.records.map(\.event) == ["run"])
    #expect(whole.summary == ["undecided": 0, "damaged": 0])
    let csv = try log("-o", "csv").lines
    #expect(csv.count == 2)
    let fields = csv.last?.split(separator: ",", omittingEmptySubsequences: false) ?? []
    #expect(fields.count > 12 && fields[1] == "run" && fields[10] == "policy apply")
    let metrics = try namespace.connreap("metrics", "--state-dir", state)
    #expect(metrics.status == 0)
    #expect(metrics.text.contains("connreap_audit_damaged_lines 0"))
    let page = state + "/report.html"
    #expect(
      try namespace.connreap("report", "--state-dir", state, "--html", page).status == 0)
  }

  /// In a container, the run and the reader of the log can both be PID 1. A live PID 1 is therefore
  /// no sign that the run is still working.
  @Test func aRunThatDiedInAContainerIsUnfinished() throws {
    try namespace.server.connectPairs(3, as: "many", to: listener)
    let running = try namespace.start([
      "kill", "--yes", "--state-dir", state, "--local-port", "8080", "--rate", "1",
    ])
    try namespace.waitForClosings()
    running.signal(SIGKILL)
    _ = try running.end()
    let log = state + "/audit.jsonl"
    let text = try String(contentsOfFile: log, encoding: .utf8)
    _ = try namespace.state.write(
      "audit.jsonl", text.replacing("\"pid\":\(running.pid),", with: "\"pid\":1,"))
    #expect(try AuditRecord.all(in: state).map(\.pid) == [1])
    let container = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
    let unfinished = try Command.run(
      container + [Tools.connreap, "log", "--each", "--result", "unfinished", "--state-dir", state])
    #expect(unfinished.lines.count == 1, "\(unfinished.errorText)")
    // An entry from before run IDs has only the PID, which is the reader's own.
    _ = try namespace.state.write(
      "audit.jsonl",
      text.replacing("\"pid\":\(running.pid),", with: "\"pid\":1,")
        .replacing(/"pid_start":[0-9]+,"run":"[0-9a-f]+",/, with: ""))
    let old = try Command.run(
      container + [Tools.connreap, "log", "--each", "--result", "unfinished", "--state-dir", state])
    #expect(old.lines.count == 1, "\(old.errorText)")
  }
}
