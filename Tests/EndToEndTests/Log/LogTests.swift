import FoundationEssentials
import Glibc
import Testing

/// `connreap log` on intact and damaged logs.
@Suite(.waitsForPrograms, .needsNamespaces, .needsDestroy) struct LogTests {
  let namespace: NetworkNamespace
  let listener: Socket

  init() throws {
    namespace = try NetworkNamespace()
    listener = try namespace.server.listen("many", port: 8080)
    try namespace.server.connectPairs(3, as: "many", to: listener)
  }

  private var state: String { namespace.state.path }

  private func log(_ arguments: String...) throws -> CommandResult {
    try Command.run([Tools.connreap, "log", "--each", "--state-dir", state] + arguments)
  }

  private func closeAll() throws {
    #expect(try namespace.kill("--local-port", "8080").status == 0)
  }

  private func append(_ text: String) throws {
    let handle = open(state + "/audit.jsonl", O_WRONLY | O_APPEND)
    defer { close(handle) }
    let bytes = Array(text.utf8)
    #expect(Glibc.write(handle, bytes, bytes.count) == bytes.count)
  }

  @Test func aMissingLogIsEmpty() throws {
    let ended = try log()
    #expect(ended.status == 0 && ended.output.isEmpty && ended.errors.isEmpty)
    #expect(try log("-o", "csv").lines.count == 1, "only the header")
    #expect(access(state + "/audit.jsonl", F_OK) != 0, "reading creates no file")
    let elsewhere = try Command.run([Tools.connreap, "log", "--state-dir", state + "/none"])
    #expect(elsewhere.status == 0)
    #expect(access(state + "/none", F_OK) != 0, "reading creates no directory")
  }

  @Test func eachDecisionIsOneLine() throws {
    try closeAll()
    let ended = try log()
    #expect(ended.status == 0 && ended.errors.isEmpty)
    #expect(ended.lines.count == 3)
    for line in ended.lines {
      #expect(
        line.contains(
          /^20[0-9-]+ [0-9:.]+Z  closed +127\.0\.0\.1:8080 → 127\.0\.0\.1:[0-9]+ +ESTAB +[^ ]+\[[0-9]+\]  kill --yes/
        ))
    }
  }

  @Test func theLogIsAvailableAsJSONAndCSV() throws {
    try closeAll()
    let rows = try log("-o", "jsonl").lines.map {
      try JSONDecoder().decode(AuditRecord.self, from: Data($0.utf8))
    }
    #expect(rows.map(\.event) == ["closed", "closed", "closed"])
    #expect(
      rows.allSatisfy { $0.connection.local.port == 8080 && $0.connection.owners?.isEmpty == false }
    )
    struct Whole: Decodable {
      let records: [AuditRecord]
      let summary: [String: Int]
    }
    let whole = try JSONDecoder().decode(Whole.self, from: Data(log("-o", "json").output))
    #expect(whole.records.map(\.connection.cookie) == rows.map(\.connection.cookie))
    #expect(whole.summary == ["closed": 3, "undecided": 0, "damaged": 0])
    let csv = try log("-o", "csv").lines
    #expect(
      csv.first.map { String($0) }
        == "time,result,state,local_address,local_port,peer_address,peer_port,process,pid,user,command,"
        + "policy,reason")
    #expect(csv.count == 4)
    #expect(try log("-o", "csv", "--no-header").lines.count == 3)
  }

  @Test func logTakesTheSelectionOptionsOfList() throws {
    try closeAll()
    let ports = try AuditRecord.all(in: state).map(\.connection.peer.port)
    let one = try #require(ports.first)
    #expect(try log("--peer-port", "\(one)").lines.count == 1)
    #expect(try log("--pid", "\(namespace.server.pid)").lines.count == 3)
    #expect(try log("--state", "close-wait").lines.isEmpty)
    #expect(try log("dport", "=", ":\(one)").lines.count == 1)
    #expect(try log("--result", "closed").lines.count == 3)
    #expect(try log("--result", "failed,gone").lines.isEmpty)
    #expect(try log("--since", "1h").lines.count == 3)
    #expect(try log("--until", "1h").lines.isEmpty)
    #expect(try log("--since", "2999-01-01").lines.isEmpty)
    #expect(try log("--policy", "*").lines.isEmpty)
    let unknown = try log("--mark", "5")
    #expect(unknown.lines.isEmpty)
    #expect(unknown.errorText.contains("3 decisions could not be matched against the selection"))
  }

  @Test(arguments: [
    ["--since", "soon"], ["--until", "2026-02-30"], ["--since", "25:00"], ["--since", "2 ago"],
    ["--result", "close"], ["--port", "x"],
    ["--follow", "-o", "json"], ["--netns", "blue"], ["-o", "xml"],
  ])
  func invalidOptionsAreBadUsage(arguments: [String]) throws {
    let ended = try Command.run([Tools.connreap, "log", "--state-dir", state] + arguments)
    #expect(ended.status == 64)
    #expect(!ended.errorText.isEmpty)
  }

  @Test func logEntriesNameThePolicy() throws {
    let file = try namespace.state.write(
      "p.yaml",
      """
      version: 1
      policies:
        - name: pile-up
          match: {local-port: 8080}
          action: destroy
      """)
    #expect(try namespace.connreap("policy", "apply", "--state-dir", state, file).status == 0)
    #expect(try log("--policy", "pile-*").lines.count == 3)
    #expect(try log().lines.allSatisfy { $0.hasSuffix("  policy pile-up") })
    #expect(try log("--policy", "other").lines.isEmpty)
  }

  @Test func aRunThatDiedIsShownAsUnfinished() throws {
    let running = try namespace.start(
      ["kill", "--yes", "--state-dir", state, "--local-port", "8080", "--rate", "1"])
    try namespace.waitForClosings()
    #expect(try log().lines.isEmpty, "a live run may still report it")
    running.signal(SIGKILL)
    #expect(try running.end().status == 128 + SIGKILL)
    let ended = try log()
    #expect(ended.lines.count == 1)
    #expect(ended.text.contains("unfinished"))
    #expect(ended.text.contains("announced, never reported: the run died"))
    #expect(
      try log("--result", "unfinished", "-o", "jsonl").text.contains("\"event\":\"unfinished\""))
  }

  @Test func damagedLinesAreReportedAndTheRestIsShown() throws {
    try closeAll()
    try append(
      "{\"time\":\"2026-11-21T05:42:50Z\",\"event\":\"closed\"}\n\u{1b}[2Jgarbage\n{\"time")
    let ended = try log()
    #expect(ended.status == 0)
    #expect(ended.lines.count == 3)
    #expect(ended.errorText == "connreap: 3 unreadable log lines left out\n")
    // The next run terminates the partial line, and loses no entry.
    try namespace.server.connectPairs(1, as: "more", to: listener)
    try closeAll()
    #expect(try log().lines.count == 4)
  }

  @Test func controlCharactersInNamesAreEscaped() throws {
    try namespace.server.rename([0x1b, 0x5b, 0x32, 0x4a, 0x0a, 0x22, 0x2c])
    try closeAll()
    for format in ["table", "csv", "jsonl"] {
      let ended = try log("-o", format, "--no-header")
      #expect(ended.lines.count == 3)
      #expect(!ended.text.contains("\u{1b}"))
    }
  }

  @Test func rotatedLogsAreReadFirst() throws {
    try closeAll()
    #expect(rename(state + "/audit.jsonl", state + "/audit.jsonl.1") == 0)
    try namespace.server.connectPairs(2, as: "more", to: listener)
    try closeAll()
    let times = try log().lines.map { $0.prefix(24) }
    #expect(times.count == 5)
    #expect(times == times.sorted())
  }

  @Test func anotherUsersLogNeedsPermission() throws {
    try closeAll()
    #expect(chmod(state, 0o755) == 0)
    let ended = try Command.run(
      [
        "setpriv", "--reuid", "1000", "--clear-groups", "--", Tools.connreap, "log", "--state-dir",
        state,
      ])
    #expect(ended.status == 77)
    #expect(ended.errorText.contains("sudo"))
  }

  @Test func followingContinuesAfterARotation() throws {
    try closeAll()
    let output = state + "/followed"
    let script = "\"$@\" > '\(output)'"
    let following = try Command(
      [
        "bash", "-c", "exec " + script, "sh", Tools.connreap, "log", "--each", "--follow",
        "--state-dir",
        state,
      ])
    func wait(for count: Int) throws {
      var lines = 0
      try waitUntil("\(count) lines", seconds: 10) {
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        lines = text.split(separator: "\n").count
        return lines >= count
      }
      #expect(lines == count)
    }
    try wait(for: 3)
    try namespace.server.connectPairs(2, as: "more", to: listener)
    try closeAll()
    try wait(for: 5)
    #expect(rename(state + "/audit.jsonl", state + "/old") == 0)
    try namespace.server.connectPairs(1, as: "last", to: listener)
    try closeAll()
    try wait(for: 6)
    following.signal(SIGTERM)
    #expect(try following.end().status == 143)
  }

  @Test func aHugeLogNeedsLittleMemory() throws {
    try closeAll()
    let one = try String(contentsOfFile: state + "/audit.jsonl", encoding: .utf8)
    let copies = 12_000_000 / one.utf8.count
    let text = String(repeating: one, count: copies)
    _ = try namespace.state.write("audit.jsonl", text)
    let ended = try Command.run(
      [
        "prlimit", "--data=20000000", "--", Tools.connreap, "log", "--state-dir", state, "--result",
        "failed",
      ],
      seconds: 120)
    #expect(ended.status == 0)
    #expect(ended.errorText == "")
  }
}
