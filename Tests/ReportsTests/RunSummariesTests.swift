import Connections
import PresentationTestSupport
import Rendering
import Selection
import StateFiles
import SystemPackage
import Testing

@testable import Operations
@testable import Presentation
@testable import Reports

/// The log, summarized by run, policy and program.
@Suite struct RunSummariesTests {
  /// The entry of a connection.
  private func entry(
    _ cookie: Int, _ result: String = "closed", run: String = "r1", policy: String? = "leak",
    local: Int = 8080, peer: String = "10.0.0.9", peerPort: Int? = nil, pid: Int = 1744,
    program: String = "orders.jar", reason: String? = nil,
    time: String = "2026-11-21T05:42:50.123Z"
  ) -> String {
    let policy = policy.map { "\"policy\":\"\($0)\"," } ?? ""
    let reason = reason.map { "\"reason\":\"\($0)\"," } ?? ""
    return """
      {"time":"\(time)","event":"\(result)","command":"\(policy.isEmpty ? "kill" : "policy apply")",\
      \(policy)\(reason)"uid":0,"invoked_by":"alice","pid":7,"boot_id":"b","run":"\(run)",\
      "pid_start":5,"connection":{"netns":1,"family":"ipv4","state":"close-wait",\
      "local":{"address":"10.0.0.5","port":\(local)},\
      "peer":{"address":"\(peer)","port":\(peerPort ?? 50_000 + cookie)},\
      "interface":null,"inode":6319,"cookie":"0x\(String(cookie, radix: 16))","uid":1000,\
      "recv_queue":1,"send_queue":0,"cgroup":"/a.service",\
      "owners":[{"pid":\(pid),"name":"java","program":"\(program)","executable":"/usr/bin/java"}],\
      "owners_complete":true,"tcp":{}}}
      """
  }

  /// The entry of a run.
  private func end(
    _ extra: String = "", run: String = "r1", command: String = "policy apply", exit: Int = 0,
    time: String = "2026-11-21T05:42:51.000Z"
  ) -> String {
    """
    {"time":"\(time)","event":"run","command":"\(command)","exit":\(exit),"uid":0,\
    "invoked_by":"alice","run":"\(run)","boot_id":"b","pid":7\(extra)}
    """
  }

  private func printed(
    _ lines: [String], _ selection: LogSelection = LogSelection(), width: Int? = nil
  ) throws -> String {
    var selection = selection
    selection.takesEveryRun = true
    var search = LogSearch(selection)
    let (reading, writing) = try FileDescriptor.pipe()
    defer { try? reading.close() }
    var style = OutputStyle(format: .table, color: .never)
    style.layout.width = width
    var output = LogOutput(style, to: writing, summarizing: RunSummaries(selection))
    for line in lines {
      let record = search.take(.whole(Array(line.utf8)[...]))
      if let record { try output.print(record, of: search) }
    }
    try output.print(unfinished: search.takeUnfinished { _ in false }, of: search)
    try output.end(search)
    try writing.close()
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = try bytes.withUnsafeMutableBytes { try reading.read(into: $0) }
    return String(decoding: bytes[..<count], as: UTF8.self)
  }

  @Test func aRunIsALineForEachPolicyAndProgram() throws {
    var lines = (1...4).map { entry($0, pid: $0 < 3 ? 1744 : 1801) }
    for number in 5...6 {
      lines.append(
        entry(number, policy: "pool", local: 40_000 + number, peer: "10.0.0.20", peerPort: 5432))
    }
    lines += [entry(7, policy: "pool", peer: "10.0.0.7", pid: 9, program: "nginx"), end()]
    #expect(
      try printed(lines) == """
        2026-11-21
        05:42:51Z  policy leak             closed 4    orders.jar[1744] +1 ← clients of :8080
        05:42:51Z  policy pool             closed 2    orders.jar[1744] → 10.0.0.20:5432
        05:42:51Z  policy pool             closed 1    nginx[9] → 10.0.0.7:50007

        """)
  }

  @Test func aKillNamesItsUser() throws {
    let text = try printed([entry(1, policy: nil), end(command: "kill")])
    #expect(text.contains("05:42:51Z  kill by alice (sudo)    closed 1    orders.jar[1744] → "))
  }

  @Test func otherResultsHaveTheirReason() throws {
    let lines = [
      entry(1, "failed", reason: "operation not permitted"), entry(2, "spared", reason: "a"),
      entry(3, "spared", reason: "b"), end(),
    ]
    let text = try printed(lines)
    #expect(text.contains("spared 2    orders.jar[1744] ← clients of :8080: a, and other reasons"))
    #expect(text.contains("failed 1    orders.jar[1744] → 10.0.0.9:50001: operation not permitted"))
  }

  @Test func runsThatDiedAreUnfinished() throws {
    let text = try printed([entry(1, "closing"), entry(2, "closing"), entry(2, "closed")])
    #expect(text.contains("closed 1    orders.jar[1744] → 10.0.0.9:50002"), "\(text)")
    #expect(text.contains("unfinished 1  orders.jar[1744] → 10.0.0.9:50001: announced, never"))
  }

  @Test(arguments: [
    (
      #","refused":[{"policy":"kafka","reason":"41, limit 10"}],"policies":["kafka","x"]"#, 2,
      "policy kafka            refused     41, limit 10; nothing closed (exit 2)"
    ),
    (
      #","given_up":[{"policy":"pool","groups":2}]"#, 0,
      "policy pool             given up    2 groups; the program keeps leaking"
    ),
    (
      #","policies":["a"],"reported":27"#, 0,
      "policy a                reported 27  nothing closed by a report"
    ),
    (
      #","policies":["a","b"],"reported":1"#, 0,
      "policy apply by alice (sudo)  reported 1  nothing closed by a report"
    ),
    (#","error":"cannot remember this run""#, 1, "failed      cannot remember this run (exit 1)"),
    (#","failed_notifications":1"#, 1, "failed      1 notification"),
    (
      #","owners_after":[{"pid":9,"name":"app","spinning":true,"cpu_percent_after":55}]"#, 0,
      "warning     may be spinning: app[9] (55 % of a CPU)"
    ),
    ("", 130, "ended       exit code 130"),
  ])
  func aRunSaysWhatItsConnectionsDoNot(extra: String, exit: Int, expected: String) throws {
    let text = try printed([end(extra, exit: exit)])
    #expect(text.contains(expected), "\(text)")
    #expect(text.split(separator: "\n").count == 2, "\(text)")
  }

  @Test func runsThatFoundNothingAreOnlyCounted() throws {
    var runs = RunSummaries(LogSelection())
    let value = try JSONParser.parse(Array(end().utf8)[...])
    let run = try #require(RunEntry(value))
    #expect(runs.end(run, isSelected: true) == nil)
    #expect(runs.quietRuns == 1 && runs.shownRuns == 0)
    #expect(runs.end(run, isSelected: false) == nil)
    #expect(runs.quietRuns == 1)
    #expect(try printed([end()]).isEmpty)
  }

  @Test func theDayIsPrintedWhenItChanges() throws {
    let text = try printed([
      entry(1), end(), entry(2, run: "r2"), end(run: "r2"), entry(3, run: "r3"),
      end(run: "r3", time: "2026-11-22T00:00:01Z"),
    ])
    let lines = text.split(separator: "\n")
    #expect(
      lines.map { $0.prefix(10) }.filter { $0.hasPrefix("2026") } == ["2026-11-21", "2026-11-22"])
    #expect(lines.count == 5 && lines[3] == "2026-11-22")
  }

  @Test func theSelectionLimitsConnectionsAndRuns() throws {
    let refused = #","refused":[{"policy":"kafka","reason":"41, limit 10"}]"#
    let lines = [
      entry(1), entry(2, policy: "pool", pid: 9), entry(3, "failed", policy: "pool"),
      end(refused + #","policies":["leak","pool","kafka"]"#, exit: 2),
    ]
    var selection = LogSelection(policies: [try Glob("po*")])
    #expect(try printed(lines, selection).split(separator: "\n").count == 3)
    selection.results = ["failed"]
    #expect(try printed(lines, selection).split(separator: "\n").count == 2)
    let kafka = LogSelection(policies: [try Glob("kafka")])
    #expect(try printed(lines, kafka).contains("refused"))
    let connections = LogSelection(connections: .term(.pid(9)))
    let text = try printed(lines, connections)
    #expect(text.contains("policy pool") && text.split(separator: "\n").count == 2, "\(text)")
  }

  /// Anyone can start many programs, and name them.
  @Test func aRunIsBoundedAndEscaped() throws {
    let lines = (1...50).map { entry($0, pid: $0, program: "p\($0)\\u001b[2J") } + [end()]
    let text = try printed(lines)
    #expect(text.split(separator: "\n").count == 1 + RunSummary.maximumLines + 1)
    #expect(text.contains("…           30 more programs, 30 connections"), "\(text)")
    #expect(text.contains(#"\x1b[2J["#) && !text.contains("\u{1b}"))
  }

  /// A line of its own is better than an address without its end.
  @Test(arguments: [78, 86, 200]) func anAddressIsShownInFull(width: Int) throws {
    let text = try printed([entry(1, peer: "10.120.130.140"), end()], width: width)
    #expect(text.contains("orders.jar[1744] → 10.120.130.140:50001\n"), "\(text)")
    #expect(text.split(separator: "\n").count == (width == 78 ? 3 : 2), "\(text)")
  }

  @Test(arguments: 50..<120) func everyLineFits(width: Int) throws {
    let policy = "a-policy-with-a-rather-long-name-that-says-it-all"
    var lines = (1...3).map { number in
      entry(number, policy: policy, local: 40_000 + number, peer: "10.120.130.\(number)")
    }
    lines += [entry(4), entry(5, "failed", reason: "operation not permitted by the kernel"), end()]
    for line in try printed(lines, width: width).split(separator: "\n") {
      #expect(line.unicodeScalars.count <= width, "\(line)")
    }
  }

  /// A port of the kernel's own range may be that of connections to several peers.
  @Test func fewConnectionsWithOnePortAreNotThoseOfClients() throws {
    func text(_ count: Int, local: Int) throws -> String {
      try printed((1...count).map { entry($0, local: local, peer: "10.0.0.\($0)") } + [end()])
    }
    #expect(try text(1, local: 8080).contains("→ 10.0.0.1:50001"))
    #expect(try text(2, local: 8080).contains("← clients of :8080"))
    #expect(try text(4, local: 40_000).contains("→ 10.0.0.1:50001 (1), "))
    #expect(try text(5, local: 40_000).contains("← clients of :40000"))
  }
}
