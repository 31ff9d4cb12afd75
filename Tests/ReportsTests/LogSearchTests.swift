import Connections
import Selection
import StateFiles
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Reading the audit log, including damaged ones.
@Suite struct LogSearchTests {
  /// A line of the log.
  static func line(
    _ event: String, cookie: Int = 1, pid: Int = 7, boot: String = "b",
    time: String = "2026-11-21T05:42:50.123Z", policy: String? = nil, reason: String? = nil,
    state: String = "close-wait", name: String = "java", complete: Bool = true, extra: String = "",
    run: String? = nil
  ) -> AuditLogReader.Line {
    let policy = policy.map { "\"policy\":\"\($0)\"," } ?? ""
    let reason = reason.map { "\"reason\":\"\($0)\"," } ?? ""
    let extra = (run.map { "\"run\":\"\($0)\",\"pid_start\":5," } ?? "") + extra
    let text = """
      {"time":"\(time)","event":"\(event)","command":"kill",\(policy)\(reason)"uid":0,"pid":\(pid),\
      "boot_id":"\(boot)",\(extra)"connection":{"netns":1,"family":"ipv4","state":"\(state)",\
      "local":{"address":"10.0.0.5","port":8080},"peer":{"address":"10.0.0.9","port":51690},\
      "interface":null,"inode":6319,"cookie":"0x\(String(cookie, radix: 16))","uid":1000,\
      "recv_queue":1,"send_queue":0,"last_sent_ms":6892,"last_received_ms":6892,\
      "last_ack_ms":5820,"cgroup":"/system.slice/app.service",\
      "owners":[{"pid":1744,"name":"\(name)","executable":"/usr/bin/java","fds":[23]}],\
      "owners_complete":\(complete),"note":null,"tcp":{"unacked":0}}}
      """
    return .whole(Array(text.utf8)[...])
  }

  private func found(
    _ selection: LogSelection = LogSelection(), _ lines: AuditLogReader.Line...
  ) -> [String] {
    var search = LogSearch(selection)
    let found = lines.compactMap { search.take($0)?.decision }
    return (found + search.takeUnfinished { _ in false }).map(\.result)
  }

  private func selects(_ terms: SelectionPredicate..., line: AuditLogReader.Line) -> Bool {
    var selection = LogSelection()
    selection.connections = .all(terms)
    return !found(selection, line).isEmpty
  }

  @Test func anAnnouncementAndItsResultAreOneDecision() {
    #expect(found(LogSelection(), Self.line("closing"), Self.line("closed")) == ["closed"])
  }

  @Test func anAnnouncementWithoutAResultIsUnfinished() {
    #expect(found(LogSelection(), Self.line("closing")) == ["unfinished"])
    #expect(
      found(
        LogSelection(), Self.line("closing", cookie: 1), Self.line("closing", cookie: 2),
        Self.line("closed", cookie: 2)) == ["closed", "unfinished"])
  }

  @Test func resultsOfOtherRunsOrBootsDoNotMatch() {
    #expect(
      found(LogSelection(), Self.line("closing", pid: 7), Self.line("closed", pid: 8))
        == ["closed", "unfinished"])
    #expect(
      found(LogSelection(), Self.line("closing", boot: "a"), Self.line("closed", boot: "b"))
        == ["closed", "unfinished"])
  }

  @Test func announcementsOfARunningRunStayPending() {
    var search = LogSearch(LogSelection())
    _ = search.take(Self.line("closing"))
    #expect(search.takeUnfinished { $0.run.pid == 7 }.isEmpty)
    #expect(search.take(Self.line("closed"))?.decision?.result == "closed")
  }

  @Test func aResultWithoutAnAnnouncementCounts() {
    #expect(found(LogSelection(), Self.line("failed", reason: "no")) == ["failed"])
  }

  @Test func unfinishedDecisionsKeepTheirOrder() {
    var search = LogSearch(LogSelection())
    for cookie in [5, 3, 9] { _ = search.take(Self.line("closing", cookie: cookie)) }
    let unfinished = search.takeUnfinished { _ in false }
    #expect(unfinished.map(\.entry.connection.cookie.rawValue) == [5, 3, 9])
    #expect(unfinished.allSatisfy { $0.reason == "announced, never reported: the run died" })
    #expect(search.takeUnfinished { _ in false }.isEmpty, "each is returned once")
  }

  @Test func damagedLinesAreOnlyCounted() {
    var search = LogSearch(LogSelection())
    let good = Self.line("closed")
    guard case .whole(let bytes) = good else { return }
    let lines: [AuditLogReader.Line] = [
      .whole([]), .tooLong, .whole(bytes.dropLast()), .whole(bytes + bytes),
      .whole(Array("{}".utf8)[...]), .whole(Array("\u{0}\u{0}".utf8)[...]),
      Self.line("closed", time: "yesterday"), Self.line("closed", state: "open"),
      Self.line("closed", cookie: 0), Self.line("closed", extra: "\"pid\":8,"),
    ]
    for line in lines { #expect(search.take(line) == nil) }
    #expect(search.damaged == lines.count)
    #expect(search.take(good)?.decision?.result == "closed", "the next good line is read")
  }

  @Test func aDamagedLineNeitherStartsNorEndsADecision() throws {
    guard case .whole(let bytes) = Self.line("closed", cookie: 1) else { return }
    var random = Seeded(9)
    for _ in 0..<500 {
      var search = LogSearch(LogSelection())
      _ = search.take(Self.line("closing", cookie: 2))
      _ = search.take(.whole(bytes.prefix(Int.random(in: 0..<bytes.count, using: &random))))
      #expect(search.damaged == 1)
      #expect(search.takeUnfinished { _ in false }.map(\.entry.connection.cookie.rawValue) == [2])
    }
  }

  @Test func timesLimitWhatIsShownButNotThePairing() throws {
    var selection = LogSelection()
    selection.since = LogTime("2026-11-21T05:42:50Z")
    selection.until = LogTime("2026-11-21T05:43:00Z")
    let (early, late) = ("2026-11-21T05:42:49.999Z", "2026-11-21T05:43:00.001Z")
    #expect(found(selection, Self.line("closed", time: early)) == [])
    #expect(found(selection, Self.line("closed", time: late)) == [])
    #expect(found(selection, Self.line("closed")) == ["closed"])
    #expect(
      found(selection, Self.line("closing"), Self.line("closed", time: late)) == [],
      "a result outside the period still counts")
  }

  @Test func policiesAndResultsAreSelectedByName() throws {
    var selection = LogSelection()
    selection.policies = [try Glob("java-*")]
    #expect(found(selection, Self.line("closed", policy: "java-leak")) == ["closed"])
    #expect(found(selection, Self.line("closed", policy: "idle")) == [])
    #expect(found(selection, Self.line("closed")) == [])
    selection = LogSelection()
    selection.results = ["failed", "unfinished"]
    #expect(
      found(selection, Self.line("closed"), Self.line("failed"), Self.line("closing", cookie: 2))
        == ["failed", "unfinished"])
  }

  @Test func theSelectionAppliesToTheRecordedConnection() throws {
    let line = Self.line("closed")
    let block = try #require(AddressBlock(IPAddress(v4: 0x0a00_0000), prefixLength: 8))
    #expect(selects(.term(.states(TCPState.closeWait.asSet)), line: line))
    #expect(!selects(.term(.states(TCPState.established.asSet)), line: line))
    #expect(selects(.term(.address(.peer, block)), line: line))
    #expect(selects(.term(.port(.local, 8080...8080)), line: line))
    #expect(!selects(.term(.port(.peer, 8080...8080)), line: line))
    #expect(selects(.term(.idle(atLeast: 6892)), line: line))
    #expect(!selects(.term(.idle(atLeast: 6893)), line: line))
    #expect(selects(.term(.inState(atLeast: 5820)), line: line))
    #expect(selects(.term(.process(try Glob("java"))), line: line))
    #expect(!selects(.term(.process(try Glob("nginx"))), line: line))
    #expect(selects(.term(.pid(1744)), line: line))
    #expect(selects(.term(.user(1000)), line: line))
    #expect(selects(.term(.unit(try Glob("app"))), line: line))
    #expect(selects(.term(.receiveQueue(atLeast: 1)), line: line))
    #expect(!selects(.term(.receiveQueue(atLeast: 2)), line: line))
    #expect(selects(.not(.term(.process(try Glob("nginx")))), line: line))
  }

  @Test func undecidedEntriesAreCountedAndLeftOut() throws {
    for predicate: SelectionPredicate in [
      .term(.mark(1, mask: .max)), .not(.term(.mark(1, mask: .max))), .term(.age(atLeast: 1)),
    ] {
      var selection = LogSelection()
      selection.connections = predicate
      var search = LogSearch(selection)
      #expect(search.take(Self.line("closed")) == nil)
      #expect(search.undecided == 1)
    }
    var selection = LogSelection()
    selection.connections = .not(.term(.process(try Glob("nginx"))))
    var search = LogSearch(selection)
    #expect(search.take(Self.line("closed", complete: false)) == nil)
    #expect(search.undecided == 1, "an unseen owner might have been nginx")
  }

  /// A log entry about a run.
  private func runLine(
    _ run: String, time: String = "2026-11-21T05:42:51Z", _ more: String = #","closed":0"#
  ) -> AuditLogReader.Line {
    let text =
      #"{"time":"\#(time)","event":"run","command":"policy apply","exit":0"#
      + #","policies":["a","b"],"pid":7,"run":"\#(run)","boot_id":"b"\#(more)}"#
    return .whole(Array(text.utf8)[...])
  }

  private func shown(_ selection: LogSelection, _ line: AuditLogReader.Line) -> String? {
    var search = LogSearch(selection)
    guard case .run(let run) = search.take(line) else { return nil }
    #expect(search.damaged == 0 && search.counts.isEmpty)
    return run.text
  }

  @Test func runsWithTheSamePidAreDistinguished() {
    #expect(
      found(
        LogSelection(), Self.line("closing", run: "1"), Self.line("closed", run: "2"))
        == ["closed", "unfinished"])
    #expect(
      found(LogSelection(), Self.line("closing", run: "1"), Self.line("closed", run: "1"))
        == ["closed"])
    #expect(
      found(LogSelection(), Self.line("closing"), Self.line("closed", run: "1"))
        == ["closed", "unfinished"], "an old line has no ID")
  }

  @Test func anEndedRunReportsNoFurtherResults() {
    var search = LogSearch(LogSelection())
    _ = search.take(Self.line("closing", cookie: 1, run: "1"))
    _ = search.take(Self.line("closing", cookie: 2, run: "2"))
    #expect(search.takeUnfinished { _ in true }.isEmpty)
    _ = search.take(runLine("1"))
    #expect(
      search.takeUnfinished { _ in true }.map(\.entry.connection.cookie.rawValue) == [1],
      "the process goes on, as with top")
  }

  @Test func aRunIsShownIfItAddsToItsConnections() throws {
    var selection = LogSelection()
    #expect(shown(selection, runLine("1")) == "policy apply: closed 0; exit code 0")
    #expect(shown(selection, runLine("1", #","found":3,"closed":2,"gone":1"#)) == nil)
    #expect(
      shown(
        selection,
        runLine(
          "1", #","found":3,"closed":2,"refused":[{"policy":"a","reason":"9, limit 1"}]"#))
        == "policy apply: found 3, closed 2; refused: a (9, limit 1); exit code 0")
    #expect(
      shown(selection, runLine("1", #","closed":2,"given_up":[{"policy":"a","groups":2}]"#))
        == "policy apply: closed 2; given up: a (2 groups); exit code 0")
    #expect(
      shown(selection, runLine("1", #","closed":2,"failed_notifications":1"#))
        == "policy apply: closed 2; 1 notification failed; exit code 0")
    selection.results = ["run"]
    #expect(shown(selection, runLine("1", #","closed":2"#)) != nil)
    selection.results = ["closed"]
    #expect(shown(selection, runLine("1")) == nil)
  }

  @Test func runsAreSelectedByPolicyAndTimeOnly() throws {
    var selection = LogSelection()
    selection.policies = [try Glob("b")]
    #expect(shown(selection, runLine("1")) != nil)
    selection.policies = [try Glob("c*")]
    #expect(shown(selection, runLine("1")) == nil)
    selection = LogSelection()
    selection.since = LogTime("2026-11-21T05:42:52Z")
    #expect(shown(selection, runLine("1")) == nil)
    selection = LogSelection()
    selection.connections = .term(.port(.local, 8080...8080))
    #expect(shown(selection, runLine("1")) == nil)
  }

  @Test func memoryIsBoundedByPendingAnnouncements() {
    var search = LogSearch(LogSelection())
    for cookie in 1...20_000 {
      _ = search.take(Self.line("closing", cookie: cookie))
      _ = search.take(Self.line("closed", cookie: cookie))
    }
    #expect(search.counts == ["closed": 20_000])
  }
}
