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
