import Connections
import Reaping
import Screens
import Selection
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// How keys and scans change the live view.
@Suite struct TopModelTests {
  @Test func longestIdleComesFirst() throws {
    let model = try TopScene.usual().model()
    #expect(model.cookies == [1, 3, 2, 5, 4, 6], "unknown values last")
    #expect(model.cookieUnderCursor == 1)
  }

  @Test func keysMoveTheCursorWithinTheTable() throws {
    var model = try TopScene.usual().model()
    model.press(.down, "j")
    #expect(model.cookieUnderCursor == 2)
    model.press(.end)
    #expect(model.cookieUnderCursor == 6)
    model.press(.down, .pageDown)
    #expect(model.cookieUnderCursor == 6)
    model.press(.home, .up)
    #expect(model.cookieUnderCursor == 1)
  }

  @Test func theCursorFollowsItsConnection() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    model.press(.down, .down)
    #expect(model.cookieUnderCursor == 2)
    scene.sockets[1].info = .idle(100_000_000)
    model.take(try scene.scan())
    #expect(model.cookies.first == 2)
    #expect(model.cookieUnderCursor == 2 && model.cursorIndex == 0)
    model.press("r")
    #expect(model.cookieUnderCursor == 2 && model.cursorIndex == 4)
  }

  @Test func theCursorKeepsItsLineWhenItsConnectionIsGone() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    model.press(.down)
    scene.sockets.removeAll { $0.cookie == 3 }
    model.take(try scene.scan())
    #expect(model.cursorIndex == 1 && model.cookieUnderCursor == 2)
    scene.sockets = []
    model.take(try scene.scan())
    #expect(model.cursor == nil && model.cursorIndex == 0)
    let effects = model.press(" ", "k", .enter, "a")
    #expect(effects.isEmpty)
    #expect(model.isTable)
  }

  @Test func keysCycleThroughTheSortColumns() throws {
    var model = try TopScene.usual().model()
    let first = model.order
    for _ in TopOrder.columns { model.press(">") }
    #expect(model.order.column == first.column)
    model.press("s", "<")
    #expect(model.order == first)
    model.press("r")
    #expect(model.order == TopOrder(column: .list(.idle), isDescending: false))
    #expect(model.cookies == [4, 5, 2, 3, 1, 6], "unknown values stay last")
  }

  @Test func sortingByRatePutsTheFastestFirst() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    scene.sockets[2].info?.bytesReceived = 5000
    scene.sockets[3].info?.bytesReceived = 90_000
    scene.time += .seconds(2)
    model.take(try scene.scan())
    while model.order.column != .received { model.press("s") }
    #expect(model.order.isDescending)
    #expect(model.cookies.prefix(2) == [4, 3])
    #expect(model.cookies.last == 6)
    model.press("r")
    #expect(model.cookies.last == 6, "unknown is not the smallest")
    #expect(model.cookies.dropLast().last == 4)
  }

  @Test func escapeClosesPages() throws {
    var model = try TopScene.usual().model()
    for key in [ScreenKey.enter, "h", "?", "/", "k"] {
      model.press(key)
      #expect(!model.isTable, "\(key)")
      model.press(.escape)
      #expect(model.isTable, "\(key)")
    }
  }

  @Test func qQuitsTheTableAndLeavesPages() throws {
    var model = try TopScene.usual().model()
    let inHelp = model.press("h", "q")
    #expect(inHelp.isEmpty)
    let inTable = model.press("q")
    #expect(inTable.quits)
  }

  @Test func pausesAndIntervals() throws {
    var model = try TopScene.usual().model()
    model.press("p")
    #expect(model.isPaused && model.screen[0].contains("PAUSED"))
    let effects = model.press("p")
    #expect(effects.scans)
    #expect(!model.isPaused)
    for _ in 0..<20 { model.press("+") }
    #expect(model.interval == 300_000)
    for _ in 0..<20 { model.press("-") }
    #expect(model.interval == 500)
    model.press("+", "=")
    #expect(model.screen[0].contains("every 2s"))
  }

  @Test func aFailedScanIsReportedAndKeepsTheTable() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    model.fail(CommandFailure(.failed, "cannot list the IPv4 sockets"))
    #expect(model.cookies.count == 6)
    #expect(model.screen.contains("cannot list the IPv4 sockets"))
    model.take(try scene.scan())
    #expect(!model.screen.contains("cannot list the IPv4 sockets"))
  }

  @Test func aScanLongerThanTheIntervalIsReported() throws {
    let scan = try TopScene.usual().scan()
    var model = try TopScene.usual().model(width: 100)
    model.take(
      TopScan(
        snapshot: scan.snapshot, text: scan.text, filter: "", start: .seconds(1),
        length: .milliseconds(3100), clock: "10:12:45"))
    #expect(model.screen[0].contains("a scan takes 3s"))
  }
}

/// Groups and their headings.
@Suite struct TopGroupTests {
  @Test func gCyclesThroughTheGroupings() throws {
    var model = try TopScene.usual().model()
    var seen: [Grouping?] = []
    for _ in 0..<4 {
      model.press("g")
      seen.append(model.grouping)
    }
    #expect(seen == [.process, .peer, .unit, nil])
  }

  @Test func groupsAreSortedByTheirFirstConnection() throws {
    var model = try TopScene.usual().model()
    model.press("g")
    let labels = model.view.groups.map(\.group.label)
    #expect(labels == ["java[100]", "nginx[101]", "owner unknown"])
    #expect(model.cookies == [1, 3, 2, 5, 4, 6])
    let heading = try #require(model.screen.first { $0.contains("java[100]") })
    #expect(heading.contains("▾ java[100]  3, 1 CLOSE-WAIT, 1 idle"))
    #expect(heading.contains("2h00m"))
  }

  @Test func enterAndZFoldGroups() throws {
    var model = try TopScene.usual().model()
    model.press("g", .home, .enter)
    #expect(model.cookies == [5, 4, 6])
    #expect(model.isTable && model.cursorIndex == 0)
    model.press("z")
    #expect(model.cookies == [])
    #expect(model.view.entries.count == 3)
    model.press("z", "g", "g")
    #expect(model.cookies.count == 6)
  }

  @Test func aGroupIsMarkedAsAWhole() throws {
    var model = try TopScene.usual().model()
    model.press("g", "z", .home, " ")
    #expect(model.marked == [1, 2, 3])
    model.press(.home, " ")
    #expect(model.marked == [])
  }

  @Test func peerGroupsAreByAddress() throws {
    var model = try TopScene.usual().model()
    model.press("g", "g", "z")
    #expect(model.view.groups.map(\.group.label) == ["127.0.0.1", "10.0.0.9"])
    #expect(model.screen.contains { $0.contains("▸ 10.0.0.9  2") })
  }

  @Test func sortingByRateOrdersGroupsByTheirSums() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    for index in 0..<3 { scene.sockets[index].info?.bytesAcked = 2001 }
    scene.sockets[3].info?.bytesAcked = 3001
    scene.time += .seconds(1)
    model.take(try scene.scan())
    model.press("g")
    while model.order.column != .sent { model.press("s") }
    #expect(model.view.groups.map(\.group.label) == ["java[100]", "nginx[101]", "owner unknown"])
    #expect(model.cookies.prefix(4) == [1, 2, 3, 4], "the fastest is in the second group")
    model.press("r")
    #expect(model.view.groups.map(\.group.label) == ["nginx[101]", "java[100]", "owner unknown"])
  }

  @Test func groupRatesAreSums() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    for index in 0..<3 { scene.sockets[index].info?.bytesAcked = 2001 }
    scene.time += .seconds(2)
    model.take(try scene.scan())
    model.press("g", "z")
    let heading = try #require(model.screen.first { $0.contains("java[100]") })
    #expect(heading.contains(/\ 3\.0k +0 +2h00m/))
    let unknown = try #require(model.screen.first { $0.contains("owner unknown") })
    #expect(unknown.contains(/\ – +– +–/), "unknown is not zero")
  }
}

/// The filter, which takes effect while it is typed.
@Suite struct TopFilterTests {
  @Test func aValidFilterTakesEffectAtOnce() throws {
    var model = try TopScene.usual().model()
    let effects = model.press("/") + model.type("process = java")
    #expect(model.cookies == [1, 3, 2])
    #expect(effects.scans)
    let accepted = model.press(.enter)
    #expect(accepted.isEmpty)
    #expect(model.isTable && model.filter.applied == "process = java")
    #expect(model.screen.contains { $0.contains("filter process = java") })
  }

  @Test func anInvalidFilterKeepsTheLastValidOne() throws {
    var model = try TopScene.usual().model()
    model.press("f")
    model.type("idle > 1h")
    #expect(model.cookies == [1])
    let effects = model.type(" and foo")
    #expect(model.cookies == [1])
    #expect(!effects.scans)
    #expect(model.filter.applied == "idle > 1h")
    model.press(.enter)
    #expect(!model.isTable, "an invalid filter is not accepted")
  }

  @Test func aCaretMarksTheError() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("idle > 1h and foo = 2")
    let row = try #require(model.screen.firstIndex { $0.hasPrefix("Filter: idle") })
    #expect(model.screen[row + 1] == "Filter: idle > 1h and ".map { _ in " " }.joined() + "^~~")
    #expect(model.screen[row + 2].contains("unknown word \"foo\""))
    #expect(model.picture.cursor == ScreenPicture.Place(row: row, column: 8 + 21))
  }

  @Test func escapeRestoresThePreviousFilter() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("process = nginx")
    model.press(.enter, "/", .clear)
    #expect(model.cookies.count == 6)
    model.type("process = java")
    let effects = model.press(.escape)
    #expect(model.cookies == [5, 4] && model.filter.applied == "process = nginx")
    #expect(effects.scans)
  }

  @Test func anEmptyFilterShowsAll() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("idle > 1h")
    model.press(.clear, .character(" "), .enter)
    #expect(model.isTable && model.filter.predicate == nil && model.cookies.count == 6)
  }

  @Test func theLineEditorHandlesTheUsualKeys() {
    var editor = LineEditor("idle > 1h")
    _ = editor.handle(.clearWord)
    #expect(editor.text == "idle > ")
    for key in [ScreenKey.home, .delete, .right, .left, .end, .backspace, .backspace, "="] {
      let edits = editor.handle(key)
      #expect(edits)
    }
    #expect(editor.text == "dle =")
    #expect(editor.textBefore == "dle =")
    _ = editor.handle(.clear)
    for key in [ScreenKey.backspace, .delete, .left, .right, .clearWord] { _ = editor.handle(key) }
    #expect(editor.text == "")
    let pages = editor.handle(.pageUp)
    #expect(!pages)
  }

  @Test func hostNamesAreLookedUpOnlyOnEnter() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    model.press("/")
    model.type("host db")
    #expect(model.cookies.count == 6)
    #expect(model.screen.contains { $0.contains("press Enter to look it up") })
    let entered = model.press(.enter)
    #expect(entered.compactMap(\.lookedUp) == ["host db"])
    #expect(model.screen.contains { $0.contains("looking up the names in host db") })
    let predicate = try SelectionFilter.parse("host db", names: ScarceNames())
    let answered = model.lookedUp("host db", .success(predicate))
    #expect(answered.scans)
    #expect(model.isTable && model.cookies == [5, 4])
  }

  @Test func aLateLookupIsIgnored() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("host db")
    model.press(.enter)
    model.type("x")
    let predicate = try SelectionFilter.parse("host db", names: ScarceNames())
    let effects = model.lookedUp("host db", .success(predicate))
    #expect(effects.isEmpty)
    #expect(model.cookies.count == 6 && !model.isTable)
  }

  @Test func anUnknownHostNameIsReported() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("host nowhere")
    model.press(.enter)
    let result = Result { () throws(FilterProblem) in
      try SelectionFilter.parse("host nowhere", names: ScarceNames())
    }
    let effects = model.lookedUp("host nowhere", result)
    #expect(effects.isEmpty)
    #expect(!model.isTable)
    #expect(model.screen.contains { $0.contains("cannot look up the host \"nowhere\"") })
  }

  @Test func aScanKeepsAFilterTypedSince() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    model.press("/")
    model.type("process = java")
    let wanted = model.wanted
    model.type(" and idle > 1h")
    model.take(try scene.scan(wanted))
    #expect(model.cookies == [1])
  }
}

/// Marks, plans, questions and outcomes.
@Suite struct TopClosingTests {
  @Test func spaceMarksAndMovesDown() throws {
    var model = try TopScene.usual().model()
    model.press(" ", " ")
    #expect(model.marked == [1, 3] && model.cursorIndex == 2)
    #expect(model.screen.contains { $0.hasSuffix("2 marked") })
    #expect(model.screen.count { $0.hasPrefix("* ") } == 2)
    model.press(.up, " ")
    #expect(model.marked == [1])
    model.press("a")
    #expect(model.marked == [1, 2, 3, 4, 5, 6])
    model.press("u")
    #expect(model.marked == [])
  }

  @Test func markAllRespectsTheFilter() throws {
    var model = try TopScene.usual().model()
    model.press("/")
    model.type("process = java")
    model.press(.enter, "a")
    #expect(model.marked == [1, 2, 3])
  }

  @Test func hiddenMarksStayAndAreCounted() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    model.press(" ", "/")
    model.type("process = nginx")
    model.press(.enter)
    model.take(try scene.scan(model.wanted))
    #expect(model.marked == [1])
    #expect(model.screen.contains { $0.hasSuffix("1 marked, 1 not shown") })
    let effects = model.press("k")
    #expect(effects.compactMap(\.planned) == [[1]])
  }

  @Test func goneConnectionsLoseTheirMark() throws {
    var scene = TopScene.usual()
    var model = try scene.model()
    model.press("a")
    scene.sockets.removeFirst()
    model.take(try scene.scan())
    #expect(model.marked == [2, 3, 4, 5, 6])
  }

  @Test func kPlansTheMarkedConnectionsOrTheCurrentOne() throws {
    var model = try TopScene.usual().model()
    let underCursor = model.press(.down, "k")
    #expect(underCursor.compactMap(\.planned) == [[3]])
    model.press(.escape, .home, " ", " ")
    let marked = model.press("k")
    #expect(marked.compactMap(\.planned) == [[1, 3]])
  }

  @Test func kOnAHeadingWithoutMarksPlansNothing() throws {
    var model = try TopScene.usual().model()
    model.press("g", .home)
    let effects = model.press("k")
    #expect(effects.isEmpty)
    #expect(model.isTable && model.screen.contains { $0.hasPrefix("nothing is marked") })
  }

  /// A view that asks whether to close the connections with these cookies.
  private func asking(_ cookies: Set<UInt64>, width: Int = 80) throws -> TopModel {
    let scene = TopScene.usual()
    var model = try scene.model(width: width)
    model.press("k")
    model.planned(.success(try scene.plan(cookies)), text: nil, number: model.planNumber)
    return model
  }

  @Test func thePlanIsShownWithAQuestion() throws {
    let model = try asking([1, 2])
    #expect(model.screen.contains("2 of 6 connections will be closed (RST to the peer):"))
    #expect(model.screen.last == "Close them? [y/N]")
    #expect(model.screen.contains { $0.contains("127.0.0.1:8080 → 127.0.0.1:1001") })
    #expect(model.picture.cursor?.row == 23)
  }

  @Test func onlyYCloses() throws {
    for key in [ScreenKey.enter, .escape, "n", "N", "q", "k", "x", .backspace, .other] {
      var model = try asking([1])
      let declined = model.press(key)
      #expect(declined.isEmpty && model.isTable, "\(key)")
      #expect(model.screen.contains("nothing was closed"))
    }
    for key in [ScreenKey("y"), "Y"] {
      var model = try asking([1])
      let accepted = model.press(key)
      #expect(accepted.count(where: \.isClose) == 1)
      let again = model.press(key)
      #expect(again.isEmpty, "only once")
    }
  }

  @Test func typedAheadKeysDoNotAnswer() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    let effects = model.press("k", "y", .enter, "y")
    #expect(!effects.closes)
    model.planned(.success(try scene.plan([1])), text: nil, number: model.planNumber)
    #expect(model.screen.last == "Close it? [y/N]")
  }

  @Test func anOutdatedPlanIsNotShown() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    model.press("k")
    let number = model.planNumber
    model.press(.escape)
    model.planned(.success(try scene.plan([1])), text: nil, number: number)
    #expect(model.isTable)
    model.press("k")
    model.planned(.success(try scene.plan([1])), text: nil, number: number)
    #expect(!model.screen.contains { $0.hasPrefix("Close it?") }, "the plan is an earlier one")
  }

  @Test func anEmptyPlanHasNoQuestion() throws {
    var model = try asking([2, 6], width: 120)
    #expect(model.screen.contains { $0.contains("1 is spared") || $0.contains("will be closed") })
    model = try TopScene.usual().model()
    model.press("k")
    model.planned(.success(try TopScene.usual().plan([])), text: nil, number: model.planNumber)
    let effects = model.press("y")
    #expect(!effects.closes)
    #expect(model.isTable)
  }

  @Test func aRefusalIsShownWithItsRemedy() throws {
    var model = try TopScene.usual().model()
    model.press("k")
    model.planned(
      .failure(
        CommandFailure(.permission, "cannot close 1 connection", remedy: "run it with sudo")),
      text: nil, number: model.planNumber)
    #expect(model.screen.contains("cannot close 1 connection"))
    #expect(model.screen.contains("run it with sudo"))
    model.press(.enter)
    #expect(model.isTable)
  }

  @Test func outcomesAreShownAndTriggerAScan() throws {
    let scene = TopScene.usual()
    var model = try asking([1])
    model.press("y")
    #expect(model.screen.contains("closing 1 connection"))
    let step = try #require(scene.plan([1]).steps.first)
    let scan = try scene.scan()
    let effects = model.closed(
      TopOutcomes(outcomes: [Outcome(step, .closed)], reactions: [], text: scan.text, failure: nil))
    #expect(effects.scans)
    #expect(model.screen.contains { $0.hasPrefix("  closed  127.0.0.1:8080") })
    #expect(model.screen.contains { $0.hasPrefix("closed 1, gone 0, failed 0.") })
    model.press(" ")
    #expect(!model.isTable, "space scrolls")
    model.press("x")
    #expect(model.isTable)
  }
}
