import Connections
import Netlink
import PresentationTestSupport
import Scanning
import Selection
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

@Suite struct ListenersReportTests {
  private static func listener(
    _ cookie: UInt64, port: UInt16, waiting: UInt32, backlog: UInt32
  ) -> FakeSocket {
    FakeSocket(cookie: cookie, inode: UInt32(cookie)) {
      $0.state = 10
      $0.localPort = port
      $0.local = [0, 0, 0, 0]
      $0.receiveQueue = waiting
      $0.sendQueue = backlog
    }
  }

  private func report(
    _ sockets: [FakeSocket], instant: UInt64 = 0,
    elsewhere: [ScannedNamespace: AcceptFigures] = [:],
    _ change: (inout AcceptFigures) -> Void = { _ in }
  ) throws -> ListenersReport {
    let scene = StatsScene(sockets)
    let scanner = Scanner(processes: scene.tree.files, threads: 1) { scene.kernel.open() }
    let survey = try scanner.surveyListeners(
      ScanRequest(.term(.states(TCPState.listen.asSet)), reading: .ownerNames),
      at: ScanMoment(bootID: nil, networkNamespace: nil, uptime: nil, kernelRelease: nil))
    var figures = AcceptFigures()
    figures.longestBacklog = 4096
    change(&figures)
    return ListenersReport(
      survey, figures: elsewhere.merging([.own: figures]) { $1 },
      names: SystemNumbers(resolvesNames: false), instant: instant)
  }

  private func lines(
    _ report: ListenersReport, since earlier: ListenersReport? = nil
  ) throws -> [String] {
    try printedText { try report.print(Table.Layout(), since: earlier, to: &$0) }
      .split(separator: "\n").map(String.init)
  }

  @Test(
    arguments: [
      (4, 4, false), (5, 4, true), (0, 0, false), (1, 0, true), (128, 4096, false),
    ] as [(UInt32, UInt32, Bool)])
  func aQueueIsFullBeyondItsBacklog(waiting: UInt32, backlog: UInt32, isFull: Bool) throws {
    let report = try report([Self.listener(1, port: 80, waiting: waiting, backlog: backlog)])
    #expect(report.lines[0].isFull == isFull)
    #expect(try lines(report)[1].contains("full") == isFull)
  }

  @Test func theFullestQueueComesFirst() throws {
    let report = try report([
      Self.listener(1, port: 1, waiting: 0, backlog: 10),
      Self.listener(2, port: 2, waiting: 9, backlog: 10),
      Self.listener(3, port: 3, waiting: 11, backlog: 10),
      Self.listener(4, port: 4, waiting: 100, backlog: 4096),
      FakeSocket(cookie: 9, inode: 9) { $0.localPort = 5 },
      Self.listener(5, port: 5, waiting: 0, backlog: 10),
    ])
    #expect(report.lines.map(\.socket.identity.localPort) == [3, 2, 4, 1, 5])
  }

  @Test func theLimitIsTheBacklogOrSomaxconn() throws {
    let report = try report([
      Self.listener(1, port: 1, waiting: 10, backlog: 10),
      Self.listener(2, port: 2, waiting: 4000, backlog: 4096),
      Self.listener(3, port: 3, waiting: 0, backlog: 4096),
    ])
    #expect(report.lines.map(\.limit) == [.program, .somaxconn, .somaxconn])
    let lines = try lines(report)
    #expect(lines[1].contains("its own backlog of 10; somaxconn is 4096"))
    #expect(lines[2].contains("net.core.somaxconn of 4096"))
    #expect(!lines[3].contains("somaxconn"), "irrelevant while the queue is short")
    #expect(
      try self.report([Self.listener(1, port: 1, waiting: 0, backlog: 1)]) {
        $0.longestBacklog = nil
      }.lines[0].limit == nil)
  }

  @Test func unknownCountersAreNotZero() throws {
    let unknown = try report([])
    #expect(
      try lines(unknown) == ["No listening sockets found.", "Overflows unknown, drops unknown"])
    var json = JSONWriter()
    unknown.write(since: nil, to: &json)
    let text = String(decoding: json.take(), as: UTF8.self)
    #expect(text.contains(#""overflows":null,"drops":null"#))
    #expect(text.contains(#""listeners":[]"#))
  }

  @Test func overflowsNameTheFullListeners() throws {
    let full = [
      Self.listener(1, port: 80, waiting: 2, backlog: 1),
      Self.listener(2, port: 81, waiting: 3, backlog: 1),
    ]
    let loses = try report([full[0]]) { ($0.overflows, $0.drops) = (1204, 1210) }
    #expect(
      try lines(loses).last == "Overflows 1,204, drops 1,210: 0.0.0.0:80 is dropping connections.")
    let resets = try report(full) {
      ($0.overflows, $0.drops, $0.abortsOnOverflow) = (1, 1, true)
    }
    #expect(
      try lines(resets).last
        == "Overflows 1, drops 1: 0.0.0.0:81, 0.0.0.0:80 are resetting connections "
        + "(tcp_abort_on_overflow is 1)."
    )
  }

  @Test func ratesAreDifferencesBetweenReports() throws {
    let before = try report([], instant: 1000) { ($0.overflows, $0.drops) = (100, 100) }
    let after = try report([], instant: 3000) { ($0.overflows, $0.drops) = (124, 103) }
    #expect(after.rate(of: \.overflows, since: before) == 12)
    #expect(
      try lines(after, since: before).last == "Overflows 124 (12/s now), drops 103 (1.5/s now)")
    #expect(after.rate(of: \.overflows, since: nil) == nil)
    #expect(before.rate(of: \.overflows, since: after) == nil, "a counter never decreases")
    #expect(after.rate(of: \.overflows, since: after) == nil, "no time has passed")
    var json = JSONWriter()
    after.write(since: before, to: &json)
    let text = String(decoding: json.take(), as: UTF8.self)
    #expect(text.contains(#""overflows_per_second":12.0,"drops_per_second":1.5"#))
  }

  @Test func theSynQueueIsShownIfItIsNotEmpty() throws {
    let listener = Self.listener(1, port: 8080, waiting: 0, backlog: 10)
    let request = FakeSocket(cookie: 2, inode: 0) { $0.state = 3 }
    #expect(try lines(report([listener, request]))[0].contains("SYN-QUEUE"))
    #expect(try !lines(report([listener]))[0].contains("SYN-QUEUE"))
    #expect(try lines(report([listener])).last?.contains("SYN") == false)
    #expect(
      try lines(report([listener, request])).last?.contains(
        "unknown: cannot read net.ipv4.tcp_syncookies")
        == true)
    let cookies = try report([listener, request]) {
      ($0.synCookies, $0.longestSynQueue) = (1, 1024)
    }
    #expect(
      try lines(cookies).last?.contains("answered with cookies because tcp_syncookies is 1") == true
    )
    let none = try report([listener, request]) { ($0.synCookies, $0.longestSynQueue) = (0, 1024) }
    #expect(
      try lines(none).last
        == "A SYN queue holds at most the backlog and at most 1,024 (tcp_max_syn_backlog); further "
        + "requests are dropped because tcp_syncookies is 0")
  }

  // MARK: - Several namespaces

  private static let blue = ScannedNamespace(inode: 7, name: "blue", isOwn: false)

  @Test func countersOfNamespacesAreSummed() throws {
    var there = AcceptFigures()
    (there.overflows, there.drops, there.longestBacklog) = (30, nil, 128)
    let report = try report([], elsewhere: [Self.blue: there]) {
      ($0.overflows, $0.drops, $0.synCookies) = (4, 5, 1)
    }
    #expect(report.figures.overflows == 34)
    #expect(report.figures.drops == nil, "one namespace is unknown, and so is the sum")
    #expect(report.figures.longestBacklog == nil, "the settings differ")
    #expect(AcceptFigures(sumOf: [there, there]).longestBacklog == 128)
    #expect(AcceptFigures(sumOf: []) == AcceptFigures(), "no namespace is unknown, not zero")
  }

  @Test func ratesNeedTheSameNamespaces() throws {
    var there = AcceptFigures()
    there.overflows = 1000
    let before = try report([], instant: 1000) { $0.overflows = 1 }
    let after = try report([], instant: 2000, elsewhere: [Self.blue: there]) { $0.overflows = 2 }
    #expect(
      after.rate(of: \.overflows, since: before) == nil, "an additional namespace gives no rate")
    let later = try report([], instant: 3000, elsewhere: [Self.blue: there]) { $0.overflows = 5 }
    #expect(later.rate(of: \.overflows, since: after) == 3)
  }
}
