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
    #expect(model.screen.last == "Close 2 connections? [y/N]")
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
