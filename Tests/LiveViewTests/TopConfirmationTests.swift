import Screens
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// Which keys answer the question of the live view.
@Suite struct TopConfirmationTests {
  private let shown = ContinuousClock.now

  private func time(_ milliseconds: Int) -> ContinuousClock.Instant {
    shown + .milliseconds(milliseconds)
  }

  private func question() -> TopConfirmation { TopConfirmation(shownAt: shown) }

  @Test func yCountsIfNothingFollows() {
    var question = question()
    let decision = question.decide([.key("y")], at: time(300))
    #expect(decision == .wait)
    #expect(question.deadline == time(400))
    let early = question.takeAnswer(at: time(399))
    #expect(early == nil)
    let answer = question.takeAnswer(at: time(400))
    #expect(answer == "y")
    let again = question.takeAnswer(at: time(500))
    #expect(again == nil)
  }

  @Test func yFollowedByInputIsNoAnswer() {
    for next in [ScreenInput.key("e"), .key("y"), .key(.enter), .pasted("x")] {
      var question = question()
      _ = question.decide([.key("y")], at: time(300))
      let decision = question.decide([next], at: time(390))
      #expect(decision == .ignore)
      #expect(question.deadline == nil)
      let answer = question.takeAnswer(at: time(1000))
      #expect(answer == nil)
    }
  }

  @Test func ySoonAfterOtherInputIsNoAnswer() {
    var question = question()
    _ = question.decide([.key("x")], at: time(1000))
    let soon = question.decide([.key("y")], at: time(1149))
    #expect(soon == .ignore)
    let later = question.decide([.key("y")], at: time(1299))
    #expect(later == .wait, "150 ms after the last key")
  }

  @Test func earlyOrSimultaneousKeysAreIgnored() {
    var question = question()
    for inputs: [ScreenInput] in [[.key("y")], [.key("n")], [.key(.down)]] {
      let decision = question.decide(inputs, at: time(249))
      #expect(decision == .ignore)
    }
    for inputs: [ScreenInput] in [
      [.key("y"), .key("y")], [.key("n"), .key("y")], [.pasted("y")], [.pasted("y"), .key("y")],
    ] {
      let decision = question.decide(inputs, at: time(5000))
      #expect(decision == .ignore)
    }
  }

  @Test func aNumberIsTypedDigitByDigitAndEndsWithEnterAlone() {
    var question = TopConfirmation(shownAt: shown, asksForNumber: true)
    let early = question.decide([.key("1")], at: time(100))
    #expect(early == .ignore)
    for (moment, digit) in [(300, "1"), (360, "2")] as [(Int, ScreenKey)] {
      let decision = question.decide([.key(digit)], at: time(moment))
      #expect(decision == .take(digit))
    }
    let enter = question.decide([.key(.enter)], at: time(420))
    #expect(enter == .wait)
    let answer = question.takeAnswer(at: time(520))
    #expect(answer == .enter)
    let y = question.decide([.key("y")], at: time(900))
    #expect(y == .take("y"), "which closes nothing")
  }

  @Test func aNumberInOneBurstIsIgnored() {
    for inputs: [ScreenInput] in [
      [.key("1"), .key("2"), .key(.enter)], [.pasted("1")], [.key(.enter), .key("x")],
    ] {
      var question = TopConfirmation(shownAt: shown, asksForNumber: true)
      let decision = question.decide(inputs, at: time(900))
      #expect(decision == .ignore)
    }
    var question = TopConfirmation(shownAt: shown, asksForNumber: true)
    _ = question.decide([.key(.enter)], at: time(900))
    let next = question.decide([.key("l")], at: time(950))
    #expect(next == .ignore)
    let answer = question.takeAnswer(at: time(2000))
    #expect(answer == nil)
  }

  @Test func otherKeysTakeEffectAtOnce() {
    for key: ScreenKey in ["n", .escape, .enter, .down, "q"] {
      var question = question()
      let decision = question.decide([.key(key)], at: time(300))
      #expect(decision == .take(key))
    }
  }
}

/// Bursts of keys, and pasted text.
@Suite struct TopInputTests {
  private func keys(_ text: String) -> [ScreenInput] {
    text.unicodeScalars.map { .key(.character($0)) }
  }

  private func pasted(_ text: String) -> [ScreenInput] {
    text.unicodeScalars.map { .pasted($0) }
  }

  @Test func aBurstOfKeysParsesTheFilterOnce() throws {
    var model = try TopScene.usual().model()
    let effects = model.handle(keys("/process = java"))
    #expect(model.cookies == [1, 3, 2])
    #expect(effects.count(where: \.isScan) == 1, "not once per key")
    let kept = model.handle(keys(" and idle > 1h") + [.key(.enter)])
    #expect(model.cookies == [1] && model.isTable)
    #expect(kept.count(where: \.isScan) == 1)
  }

  @Test func escapeAfterUnreadTextRestoresThePreviousFilter() throws {
    var model = try TopScene.usual().model()
    model.handle(keys("/process = nginx") + [.key(.enter)])
    model.handle(keys("/") + [.key(.clear)] + keys("process = java") + [.key(.escape)])
    #expect(model.isTable && model.filter.applied == "process = nginx")
    #expect(model.cookies == [5, 4])
  }

  @Test func pastedTextOnlyEntersTheFilter() throws {
    var model = try TopScene.usual().model()
    model.handle([.key("/")] + pasted("process = java"))
    #expect(model.cookies == [1, 3, 2])
    model.handle([.key(.enter)])
    for mode in [[], [ScreenInput.key("h")], [.key(.enter)]] {
      model.handle(mode)
      let before = model.screen.count
      let effects = model.handle(pasted("qkayp/ h\u{1b}"))
      #expect(effects.isEmpty)
      #expect(model.message == "pasted text is ignored here" && model.screen.count == before)
      model.handle([.key(.escape)])
    }
    #expect(model.isTable && model.marked.isEmpty && !model.isPaused)
  }

  @Test func pastedTextClosesNothing() throws {
    let scene = TopScene.usual()
    var model = try scene.model()
    model.handle(keys("ak"))
    model.planned(.success(try scene.plan([1, 2])), text: nil, number: model.planNumber)
    #expect(model.asks)
    let effects = model.handle(pasted("yY\n"))
    #expect(effects.isEmpty && model.asks)
    let closing = model.handle([.key("y")])
    #expect(closing.closes)
  }

  @Test func theFilterLengthIsLimited() throws {
    var model = try TopScene.usual().model()
    model.handle(keys("/" + String(repeating: "x", count: LineEditor.maximumLength - 1)))
    #expect(model.message == nil)
    model.handle(keys("yz"))
    #expect(model.message == "a filter has at most 1000 characters")
    #expect(model.filter.editor?.scalars.count == LineEditor.maximumLength)
    #expect(model.filter.editor?.text.hasSuffix("xy") == true)
    #expect(
      LineEditor(String(repeating: "a", count: 5000)).text.utf8.count == LineEditor.maximumLength)
  }
}
