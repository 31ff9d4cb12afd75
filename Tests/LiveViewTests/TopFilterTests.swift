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
