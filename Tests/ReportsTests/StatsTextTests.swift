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

  @Test func everyStateHasALineAndNothingIsLeftOut() throws {
    let lines = try lines(StatsText(report: Self.scene([1, 1, 8]).report()))
    #expect(lines[0] == "STATE       COUNT  IPV4  IPV6")
    #expect(lines.dropFirst().prefix(11).map { $0.prefix { $0 != " " } }.count == 11)
    #expect(lines.contains { $0.hasPrefix("ESTAB           2     2     0  █") })
    #expect(lines.contains { $0.hasPrefix("CLOSE-WAIT      1     1     0  █") })
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

  @Test func changesHaveASignAndWhatIsGoneIsShown() throws {
    let before = try Self.scene([1, 1, 8]).report(by: .state)
    let after = try Self.scene([1, 1, 1, 6]).report(by: .state)
    let text = StatsText(report: after, earlier: before, showsChanges: true)
    let lines = try lines(text)
    #expect(lines[1].contains("COUNT  CHANGE"))
    #expect(lines.contains { $0.hasPrefix("ESTAB           3      +1") })
    #expect(lines.contains { $0.hasPrefix("TIME-WAIT       1      +1") })
    #expect(lines.contains { $0.hasPrefix("CLOSE-WAIT      0      -1") })
    let first = try self.lines(StatsText(report: before, showsChanges: true))
    #expect(!first.joined().contains("+2"), "the first report has no changes")
  }

  @Test func whatIsGoneIsSaidOnce() throws {
    let reports = try [[1, 8], [1], [1]].map { try Self.scene($0).report(by: .state) }
    #expect(reports[1].groups(since: reports[0]).map(\.change) == [0, -1])
    #expect(reports[2].groups(since: reports[1]).map(\.change) == [0])
  }

  @Test func explanationsStandBesideTheStates() throws {
    let report = try Self.scene([8]).report()
    let lines = try lines(StatsText(report: report, explains: true))
    #expect(lines.contains { $0.contains("closed by the peer, but not by the program here") })
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

  @Test func differencesHaveASign() {
    #expect(Count.difference(0) == nil)
    #expect(Count.difference(1234) == "+1,234")
    #expect(Count.difference(-2) == "-2")
  }
}
