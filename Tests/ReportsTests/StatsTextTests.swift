import Connections
import PresentationTestSupport
import Scanning
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

@Suite struct StatsTextTests {
  private func printed(_ print: (inout OutputStream) throws -> Void) throws -> [String] {
    try printedText(print)
      .split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
  }

  private func lines(_ text: StatsText, width: Int? = nil) throws -> [String] {
    try printed { try text.print(Table.Layout(width: width), to: &$0) }
  }

  private static func scene(_ states: [UInt8]) -> StatsScene {
    StatsScene(
      states.enumerated().map { number, state in
        FakeSocket(cookie: UInt64(number + 1), inode: UInt32(number + 1)) { $0.state = state }
      })
  }

  @Test func everyStateWithSocketsHasALine() throws {
    let lines = try lines(StatsText(report: Self.scene([1, 1, 8]).report()))
    #expect(lines[0] == "STATE       COUNT  IPV4  IPV6")
    #expect(lines[1].hasPrefix("ESTAB           2     2     0  █"))
    #expect(lines[2].hasPrefix("CLOSE-WAIT      1     1     0  █"))
    #expect(Array(lines.dropFirst(3)) == ["3 sockets: 3 IPv4", ""])
    #expect(try self.lines(StatsText(report: Self.scene([]).report())) == ["0 sockets", ""])
  }

  @Test func allShowsStatesWithoutSockets() throws {
    let lines = try lines(StatsText(report: Self.scene([1, 1, 8]).report(), showsAll: true))
    #expect(lines.dropFirst().prefix(11).map { $0.prefix { $0 != " " } }.count == 11)
    #expect(lines.contains("LISTEN          0     0     0"))
    #expect(lines.contains("3 sockets: 3 IPv4"))
  }

  @Test func barsFitTheTerminalOrAreLeftOut() throws {
    let report = try Self.scene([1, 1, 1, 8]).report(by: .state)
    for width in 40..<140 {
      let lines = try lines(StatsText(report: report), width: width)
      let table = lines.dropFirst()
      #expect(table.allSatisfy { EscapedText.width(of: $0.utf8) <= max(width, 67) })
    }
    #expect(try !lines(StatsText(report: report), width: 60).joined().contains("█"))
    #expect(try lines(StatsText(report: report), width: 120).joined().contains("█"))
  }

  private func watched(_ first: StatsReport, _ previous: StatsReport, _ now: StatsReport)
    -> StatsText
  {
    StatsText(
      report: now, earlier: WatchedReports(first: first, previous: previous), isRepeated: true)
  }

  @Test func changesAreSinceTheStartAndPerMinute() throws {
    let first = try Self.scene([1, 1, 8]).report(uptime: 10_000)
    let previous = try Self.scene([1, 1, 1, 8]).report(uptime: 30_000)
    let now = try Self.scene([1, 1, 1, 1, 6]).report(uptime: 130_000)
    let lines = try lines(watched(first, previous, now))
    #expect(lines[0] == "2026-11-21T05:42:50.123Z, changes over 2m00s")
    #expect(lines[1] == "STATE       COUNT  CHANGE  PER-MIN  IPV4  IPV6")
    #expect(lines.contains { $0.hasPrefix("ESTAB           4      +2     +1.0     4     0") })
    #expect(lines.contains { $0.hasPrefix("TIME-WAIT       1      +1     +0.5     1     0") })
    #expect(lines.contains { $0.hasPrefix("CLOSE-WAIT      0      -1     -0.5     0     0") })
    let start = try self.lines(StatsText(report: first, isRepeated: true))
    #expect(start[0] == "2026-11-21T05:42:50.123Z")
    #expect(!start.joined().contains("+"), "the first report has no changes")
  }

  @Test func groupsThatAreGoneAreShownOnce() throws {
    let reports = try [[1, 8], [1], [1]].map { try Self.scene($0).report(by: .state) }
    #expect(reports[1].groups(since: reports[0]).map(\.change) == [0, -1])
    let second = try lines(watched(reports[0], reports[0], reports[1]))
    #expect(second.contains { $0.hasPrefix("CLOSE-WAIT      0      -1") }, "\(second)")
    var third = watched(reports[0], reports[1], reports[2])
    #expect(try !lines(third).contains { $0.hasPrefix("CLOSE-WAIT ") })
    third.showsAll = true
    #expect(try lines(third).contains { $0.hasPrefix("CLOSE-WAIT      0      -1") })
  }

  /// A group that came and went since the start has no change, but is not forgotten at once.
  @Test func groupsThatCameAndWentAreShownOnce() throws {
    let reports = try [[1], [1, 8], [1], [1]].map { try Self.scene($0).report(by: .state) }
    let third = watched(reports[0], reports[1], reports[2])
    #expect(third.shownGroups.map(\.group.figures.count) == [1, 0])
    #expect(watched(reports[0], reports[2], reports[3]).shownGroups.count == 1)
  }

  @Test func severalKeysCountTogether() throws {
    let report = try Self.scene([1, 1, 8]).report(by: .state, .localPort)
    let lines = try lines(StatsText(report: report))
    #expect(lines[1].hasPrefix("STATE       LOCAL-PORT  COUNT  CLOSE-WAIT  IDLE 1h+  OLDEST  "))
    #expect(lines[2].hasPrefix("ESTAB       8080            2           0"))
    #expect(lines[3].hasPrefix("CLOSE-WAIT  8080            1           1"))
    var json = JSONWriter()
    report.write(to: &json)
    let text = String(decoding: json.take(), as: UTF8.self)
    let keys =
      #""keys":[{"by":"state","key":"established"},{"by":"local-port","key":"8080"}],"count":2"#
    #expect(text.contains(keys))
    let csv = try printed { try StatsText(report: report).printCSV(showsHeader: true, to: &$0) }
    #expect(
      csv[0]
        == "state,local_port,pid,note,count,idle,close_wait,oldest_idle_ms,recv_queue,send_queue"
    )
    #expect(csv[1].hasPrefix("established,8080,,,2,"))
  }

  @Test func columnsThatDoNotFitAreOmitted() throws {
    let report = try Self.scene([1, 8]).report(by: .state, .peer, .localPort)
    for width in 60...120 {
      for text in [StatsText(report: report), watched(report, report, report)] {
        let lines = try lines(text, width: width)
        for line in lines { #expect(EscapedText.width(of: line.utf8) <= width, "\(line)") }
        #expect(lines.contains { $0.contains("COUNT") && $0.contains("CLOSE-WAIT") })
      }
    }
  }

  @Test func explanationsStandBesideTheStates() throws {
    let report = try Self.scene([8]).report()
    let lines = try lines(StatsText(report: report, explains: true))
    #expect(lines.contains { $0.contains("closed by the peer, but not by the program here") })
    #expect(!lines.joined().contains("peers do not answer"), "states that do not occur")
    let all = try self.lines(StatsText(report: report, showsAll: true, explains: true))
    #expect(all.joined().contains("peers do not answer"))
    let grouped = try Self.scene([8]).report(by: .netns)
    let below = try self.lines(StatsText(report: grouped, explains: true))
    #expect(below.contains { $0.hasPrefix("CLOSE-WAIT  closed by the peer") })
    #expect(!below.contains { $0.hasPrefix("ESTAB  ") }, "states that do not occur")
  }

  @Test func everyStateHasAMeaningOfItsOwn() {
    let states = TCPState.lifecycleOrder
    #expect(Set(states) == Set(TCPStateSet.all.states))
    #expect(Set(states.map(\.explanation)).count == states.count)
  }

  @Test func theLimitIsSaidWhenItCuts() throws {
    let report = try Self.scene([1, 8, 10]).report(by: .state)
    let lines = try lines(StatsText(report: report, limit: 2))
    #expect(lines.contains("3 groups, the first 2 shown (--limit)"))
    #expect(try self.lines(StatsText(report: report, limit: 3)).count == lines.count)
  }

  @Test func jsonHasEveryStateAndNoZeroForTheUnknown() throws {
    var json = JSONWriter()
    try Self.scene([1, 8]).report().write(to: &json)
    let text = String(decoding: json.take(), as: UTF8.self)
    for state in TCPStateSet.all.states { #expect(text.contains("\"\(state.name)\":")) }
    #expect(text.contains(#""total":2"#) && text.contains(#""groups":[]"#))
    #expect(text.contains(#""kernel":null"#))
    #expect(text.hasSuffix("}\n") && text.count { $0 == "\n" } == 1)
  }

  @Test func hostileNamesAreEscapedInEveryFormat() throws {
    let scene = StatsScene([FakeSocket(cookie: 1, inode: 11)])
    scene.tree.process(100, name: "a\u{1b}[2J\",\nb", links: [3: "socket:[11]"])
    let report = try scene.report(by: .process)
    let text = StatsText(report: report)
    var json = JSONWriter()
    report.write(to: &json)
    let outputs = [
      try lines(text).joined(separator: "\n"),
      try printed { try text.printCSV(showsHeader: true, to: &$0) }.joined(separator: "\n"),
      String(decoding: json.take(), as: UTF8.self),
    ]
    for output in outputs { #expect(!output.contains("\u{1b}")) }
    #expect(outputs[1].split(separator: "\n").count == 2)
  }

  @Test func csvHasARecordAStateOrAGroup() throws {
    let report = try Self.scene([1, 8]).report()
    let plain = try printed { try StatsText(report: report).printCSV(showsHeader: true, to: &$0) }
    #expect(plain.first == "state,count,ipv4,ipv6")
    #expect(plain.contains("close-wait,1,1,0") && plain.contains("listen,0,0,0"))
    let grouped = StatsText(report: try Self.scene([1]).report(by: .state))
    let records = try printed { try grouped.printCSV(showsHeader: false, to: &$0) }
    #expect(records == ["state,established,,,1,0,0,0,0,0", ""])
  }
}

@Suite struct BarTests {
  @Test(arguments: [(0, ""), (1, "▏"), (40, "██▌"), (80, "█████"), (99, "█████")])
  func aBarIsAsLongAsItsShare(value: Int, bar: String) {
    #expect(Bar.text(value, of: 80, width: 5) == bar)
  }

  @Test func nothingIsDrawnWithoutRoomOrMeasure() {
    #expect(Bar.text(1, of: 0, width: 5) == "" && Bar.text(1, of: 1, width: 0) == "")
    #expect(Bar.width(behind: 10, in: nil) > 0)
    #expect(Bar.width(behind: 76, in: 80) == 0)
    #expect(Bar.width(behind: 70, in: 80) == 10)
  }
}

@Suite struct ShortNumberTests {
  @Test(
    arguments: [
      (0, "0"), (1023, "1023"), (1024, "1.0k"), (1234, "1.2k"), (10_240, "10k"),
      (48_000_000, "45M"),
    ] as [(UInt64, String)])
  func bytesAreShort(count: UInt64, text: String) { #expect(Count.bytes(count) == text) }

  @Test(
    arguments: [
      (12, 60_000, "+12"), (-12, 120_000, "-6.0"), (1, 120_000, "+0.5"), (1, 3_600_000, "+<0.1"),
      (100_000, 60_000, "+100,000"), (10, 60_500, "+9.9"), (0, 60_000, nil), (1, 0, nil),
    ] as [(Int, UInt64, String?)])
  func ratesArePerMinute(change: Int, time: UInt64, text: String?) {
    #expect(Count.rate(change, per: 60_000, in: time) == text)
  }

  @Test func differencesHaveASign() {
    #expect(Count.difference(0) == nil)
    #expect(Count.difference(1234) == "+1,234")
    #expect(Count.difference(-2) == "-2")
  }
}
