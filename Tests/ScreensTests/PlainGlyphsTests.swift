import Testing

@testable import Screens

/// Replacements for terminals without Unicode.
@Suite struct PlainGlyphsTests {
  private func plain(_ text: String) -> String {
    PlainGlyphs.text(text) { $0 == "日" ? 2 : 1 }
  }

  @Test func asciiIsUnchanged() {
    #expect(plain("ESTAB 127.0.0.1:80 [x]") == "ESTAB 127.0.0.1:80 [x]")
    #expect(plain("") == "")
  }

  @Test func knownCharactersHaveReplacements() {
    #expect(plain("a → b, ≥1k, –, cut…") == "a > b, >1k, -, cut~")
    #expect(plain("≥ 1h ≤ 2h") == ">=1h <=2h", "the space makes room")
    #expect(plain("██▌▏ ▁▄█ ✓ ✗") == "##=- _-# + x")
  }

  @Test func sparklinesBecomeASCII() {
    let bars = "▁▂▃▄▅▆▇█"
    #expect(plain(bars).utf8.count == 8 && plain(bars).utf8.allSatisfy { $0 < 0x80 && $0 != 0x3f })
  }

  @Test func unknownCharactersKeepTheirWidth() {
    #expect(plain("日x€") == "??x?")
  }

  @Test func terminfoDelaysAreRemoved() {
    func clean(_ text: String) -> String {
      String(decoding: CursesScreen.withoutDelays(Array(text.utf8)), as: UTF8.self)
    }
    #expect(clean("\u{1b}[m\u{f}$<2>x$<5*/>") == "\u{1b}[m\u{f}x")
    #expect(clean("$5 and $<open") == "$5 and $<open")
  }
}

@Suite struct ScreenLineTests {
  @Test func spansWithTheSameLookAreMerged() {
    var line = ScreenLine()
    line.append("a")
    line.append("b")
    line.append("")
    line.append("c", ScreenLook(.red))
    #expect(line.spans.count == 2)
    #expect(line.text == "abc")
  }

  @Test func marksAreAddedToEverySpan() {
    var line = ScreenLine("a", ScreenLook(.red, .bold))
    line.append("b")
    let marked = line.marked(.reverse)
    #expect(marked.spans[0].look == ScreenLook(.red, [.bold, .reverse]))
    #expect(marked.spans[1].look == ScreenLook(nil, .reverse))
  }

  @Test func aBarHasOneColorAndNoDimPart() {
    let line = ScreenLine([
      .init("a", ScreenLook(.red, .bold)), .init("b", ScreenLook(nil, .dim)),
    ])
    #expect(
      line.bar.spans.map(\.look) == [
        ScreenLook(nil, [.bold, .reverse]), ScreenLook(nil, .reverse),
      ])
  }

  @Test func aColorKeepsOtherColors() {
    let line = ScreenLine([.init("a", ScreenLook(.red)), .init("b", ScreenLook(nil, .bold))])
    #expect(
      line.colored(.green).spans.map(\.look) == [ScreenLook(.red), ScreenLook(.green, .bold)])
  }

  @Test func screenSizeIsAtLeastOneByOne() {
    #expect(ScreenSize(width: 0, height: -3) == ScreenSize(width: 1, height: 1))
  }
}
