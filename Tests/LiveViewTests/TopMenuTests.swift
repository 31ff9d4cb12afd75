import Connections
import Screens
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The lists of columns (F2) and orders (F6).
@Suite struct TopMenuTests {
  private var menu: (TopModel) -> TopMenu? = { model in
    if case .menu(let menu) = model.mode { menu } else { nil }
  }

  @Test func f6ListsTheOrdersOfGroups() throws {
    var model = try TopScene.usual().started()
    model.press(.function(6))
    #expect(model.screen[3].hasPrefix(" Sort groups by            │    PROGRAM"))
    #expect(model.screen.contains { $0.hasPrefix(" ▼ CLOSE-WAIT ") })
    #expect(menu(model)?.index == 3, "the cursor is on the current order")
    model.press(.up, .enter)
    #expect(model.isTable && model.groupOrder == TopGroupOrder(.count))
    model.press(.function(6), "r", .escape)
    #expect(model.isTable && model.groupOrder == TopGroupOrder(.count).reversed)
  }

  @Test func f6ListsTheOrdersOfConnections() throws {
    var model = try TopScene.usual().model(height: 60)
    model.press(.function(6))
    #expect(model.line(with: "Sort connections by") != nil)
    #expect(model.screen.contains { $0.hasPrefix(" ▼ idle ") })
    model.press(.home)
    while menu(model)?.items[menu(model)?.index ?? 0] != .connectionColumn(.list(.peer)) {
      model.press(.down)
    }
    model.press(.enter)
    #expect(model.order == TopOrder(column: .list(.peer), isDescending: false))
    #expect(model.cookies.first == 4)
  }

  @Test func f2ShowsAndHidesColumnsOfConnections() throws {
    var model = try TopScene.usual().model(width: 120, height: 60)
    model.press(.function(2))
    #expect(model.screen.contains { $0.hasPrefix(" [x] as many as fit") })
    #expect(model.screen.contains { $0.hasPrefix(" [x] peer") })
    #expect(model.screen.contains { $0.hasPrefix(" [ ] cookie") })
    model.click("[x] peer")
    model.click("[ ] cookie")
    #expect(model.screen.contains { $0.hasPrefix(" [ ] as many as fit") })
    model.press(.enter)
    let heading = try #require(model.line(with: "STATE"))
    #expect(heading.contains("COOKIE") && !heading.contains("PEER"))
    #expect(model.screen.contains { $0.contains("0x1") })
    model.press(.function(2), .home, " ", .escape)
    #expect(model.line(with: "STATE")?.contains("COOKIE") == false)
  }

  @Test func f2ShowsAndHidesColumnsOfGroups() throws {
    var model = try TopScene.usual().started(width: 110)
    model.press(.function(2))
    #expect(model.line(with: "Columns of groups") != nil)
    model.press(.down, .down, " ", .enter)
    let heading = try #require(model.line(with: "PROGRAM"))
    #expect(!heading.contains("COUNT") && heading.contains("CLOSE-WAIT"))
  }

  @Test func theLastColumnCannotBeHidden() throws {
    var model = try TopScene.usual().model(height: 60)
    model.press(.function(2))
    for index in 0..<(menu(model)?.items.count ?? 0) where index > 0 {
      while menu(model)?.index != index { model.press(.down) }
      if let menu = menu(model), menu.isOn(menu.items[index], in: model) { model.press(" ") }
    }
    #expect(model.chosenColumns?.count == 1)
  }

  @Test func aLongListScrollsAndANarrowScreenShowsOnlyTheList() throws {
    var model = try TopScene.usual().model(width: 50, height: 12)
    model.press(.function(2), .end)
    let last = try #require(menu(model)?.items.last)
    #expect(last == .connectionColumn(.list(.process)))
    #expect(model.line(with: "] process") != nil && model.line(with: "127.0.0.1") == nil)
    model.press(.pageUp, .home, .down, .down)
    #expect(menu(model)?.index == 2)
    #expect(model.line(with: "as many as fit") != nil)
  }

  @Test func everySelectableColumnIsListedOnceAndCanBeShown() throws {
    #expect(Set(TopColumn.selectable).count == TopColumn.selectable.count)
    #expect(Set(TopColumn.all).isSubset(of: TopColumn.selectable))
    for column in TopColumn.selectable {
      var model = try TopScene.usual().model()
      model.chosenColumns = [column]
      #expect(model.screen.contains { $0.contains(column.title) }, "\(column)")
    }
  }
}

/// Clicks and the wheel.
@Suite struct TopMouseTests {
  @Test func aClickOnATitleSortsByIt() throws {
    var model = try TopScene.usual().started()
    model.click("COUNT")
    #expect(model.groupOrder == TopGroupOrder(.count))
    model.click("COUNT")
    #expect(model.groupOrder == TopGroupOrder(.count).reversed)
    model.click("TREND")
    #expect(model.groupOrder.column == .count, "a sparkline has no order")
    model.press(.enter)
    model.click("IDLE▼")
    #expect(model.order == TopOrder.worstFirst.reversed)
    model.click("PEER")
    #expect(model.order.column == .list(.peer))
  }

  @Test func aClickMovesTheCursorAndASecondOneOpens() throws {
    var model = try TopScene.usual().started()
    model.click("nginx")
    #expect(model.cursorIndex == 1 && model.cookies == [])
    model.click("nginx")
    #expect(model.cookies == [5, 4])
    model.click("▸ java", offset: 0)
    #expect(model.cookies.count == 5, "the mark of a group folds it at once")
    model.click(":1004")
    #expect(model.cookieUnderCursor == 4 && model.isTable)
    model.click(":1004")
    #expect(!model.isTable)
  }

  @Test func aClickBesideTheTableDoesNothing() throws {
    var model = try TopScene.usual().started(height: 24)
    let before = model.screen
    for row in [0, 1, 2, 10, 23, 99] {
      let effects = model.handle([.mouse(ScreenMouse(.press, at: .init(row: row, column: 5)))])
      #expect(effects.isEmpty && model.screen == before)
    }
  }

  @Test func aClickNeverAnswers() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    model.press("k")
    model.planned(.success(try scene.plan([1])), text: nil, number: model.planNumber)
    for row in 0..<24 {
      let effects = model.handle([.mouse(ScreenMouse(.press, at: .init(row: row, column: 3)))])
      #expect(effects.isEmpty && model.asks)
    }
  }

  private func wheel(_ action: ScreenMouse.Action) -> ScreenInput {
    .mouse(ScreenMouse(action, at: .init(row: 8, column: 10)))
  }

  @Test func theWheelScrollsTheTable() throws {
    var model = try TopScene.leak(60).model(height: 20)
    model.handle([wheel(.wheelDown)])
    #expect(model.scroll == 3 && model.cursorIndex == 3, "the cursor stays visible")
    model.press(.down, .down, .down, .down, .down)
    model.handle([wheel(.wheelDown)])
    #expect(model.scroll == 6 && model.cursorIndex == 8)
    for _ in 0..<40 { model.handle([wheel(.wheelDown)]) }
    #expect(model.cookies[model.scroll...].count == model.tableHeight)
    for _ in 0..<40 { model.handle([wheel(.wheelUp)]) }
    #expect(model.scroll == 0)
  }

  @Test func theWheelScrollsPagesAndLists() throws {
    var model = try TopScene.usual().model(height: 12)
    model.press("?")
    let first = model.screen
    model.handle([wheel(.wheelDown)])
    #expect(model.screen[1] == first[4])
    model.press(.escape, .function(6), .home)
    model.handle([wheel(.wheelDown)])
    if case .menu(let menu) = model.mode { #expect(menu.index == 3) } else { Issue.record() }
  }

  @Test func mTurnsTheMouseOff() throws {
    var model = try TopScene.usual().model()
    let off = model.press("m")
    #expect(off.contains { if case .useMouse(false) = $0 { true } else { false } })
    #expect(model.line(with: "the mouse is off: the terminal selects text") != nil)
    let on = model.press("m")
    #expect(on.contains { if case .useMouse(true) = $0 { true } else { false } })
  }
}
