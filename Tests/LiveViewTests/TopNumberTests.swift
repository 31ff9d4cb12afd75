import Reaping
import Screens
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// A plan above `--max`, which the user confirms by typing its number.
@Suite struct TopNumberTests {
  /// A view that asks about `count` connections when 10 are the maximum.
  private func asking(_ count: Int = 12) throws -> TopModel {
    let scene = TopScene.leak(count)
    var model = try scene.model(width: 80, height: 30, maximum: 10)
    model.press("a", "k")
    model.planned(
      .success(try scene.plan(Set((1...count).map(UInt64.init)))), text: nil,
      number: model.planNumber)
    return model
  }

  @Test func theQuestionAsksForTheNumber() throws {
    var model = try asking()
    #expect(model.asks && model.numberToType == 12)
    #expect(model.screen.last == "More than --max 10: type 12 to close them:")
    model.press("1")
    #expect(model.screen.last == "More than --max 10: type 12 to close them: 1")
    #expect(model.picture.cursor == .init(row: 29, column: 44))
  }

  @Test func aPlanUpToTheMaximumNeedsOnlyY() throws {
    var model = try asking(10)
    #expect(model.numberToType == nil && model.screen.last?.hasSuffix("? [y/N]") == true)
    let accepted = model.press("y")
    #expect(accepted.closes)
  }

  @Test func onlyTheTypedNumberCloses() throws {
    var model = try asking()
    let answered = model.press("y")
    #expect(!answered.closes && model.asks)
    let typed = model.press("1", "2")
    #expect(!typed.closes && model.asks)
    let accepted = model.press(.enter)
    #expect(accepted.closes)
    let again = model.press(.enter)
    #expect(!again.closes, "only once")
  }

  @Test(arguments: ["", "1", "13", "21"])
  func aWrongNumberClosesNothing(text: String) throws {
    var model = try asking()
    model.type(text)
    let effects = model.press(.enter)
    #expect(!effects.closes)
    #expect(model.isTable && model.line(with: "nothing was closed") != nil)
  }

  @Test func theNumberCanBeCorrectedAndHasALimitedLength() throws {
    var model = try asking()
    model.press("1", "3", "9")
    #expect(model.typedNumber.text == "13")
    model.press(.backspace, "2")
    let accepted = model.press(.enter)
    #expect(accepted.closes)
  }

  @Test func escapeQAndNLeave() throws {
    for key in [ScreenKey.escape, "q", "n", "N"] {
      var model = try asking()
      let left = model.press("1", "2", key)
      #expect(!left.closes)
      #expect(model.isTable, "\(key)")
    }
  }

  @Test func otherKeysScrollOrDoNothing() throws {
    var model = try asking(60)
    let first = model.screen
    model.press(.pageDown, "x", .tab)
    #expect(model.asks && model.screen[1] != first[1])
  }

  @Test func pastedTextIsIgnoredAndClearsTheNumber() throws {
    var model = try asking()
    model.press("1")
    let pasted = model.handle([.pasted("1"), .pasted("2"), .pasted(" ")])
    #expect(pasted.isEmpty && model.asks)
    model.ignoreAnswer()
    #expect(model.typedNumber.text == "")
    #expect(model.screen.last == "Type it by hand. More than --max 10: type 12 to close them:")
  }

  @Test func anEarlierNumberDoesNotCountForALaterPlan() throws {
    var model = try asking()
    model.press("1", "2", .escape, "k")
    let scene = TopScene.leak(12)
    model.planned(
      .success(try scene.plan(Set(1...12))), text: nil, number: model.planNumber)
    let early = model.press(.enter)
    #expect(!early.closes)
  }
}
