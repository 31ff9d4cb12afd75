import SystemPackage
import Testing

@testable import Rendering

/// A frame replaces the one before it, and the screen never scrolls.
@Suite struct ScreenFrameTests {
  private func frame(_ text: String, height: Int) -> String {
    String(decoding: ScreenFrame(height: height).bytes(of: Array(text.utf8)), as: UTF8.self)
  }

  @Test func aFrameStartsAtTheTopAndClearsTheRest() {
    #expect(frame("a\nb\n", height: 5) == "\u{1b}[Ha\u{1b}[K\nb\u{1b}[K\n\u{1b}[J")
    #expect(frame("", height: 5) == "\u{1b}[H\u{1b}[J")
  }

  @Test func linesThatDoNotFitAreCounted() {
    let lines = (1...6).map { "\($0)\n" }.joined()
    #expect(frame(lines, height: 7).hasSuffix("6\u{1b}[K\n\u{1b}[J"))
    let short = frame(lines, height: 5)
    #expect(short.contains("3\u{1b}[K\n… 3 more lines\u{1b}[K\n\u{1b}[J"))
    #expect(short.split(separator: "\n").count - 1 == 4, "one less than the screen")
    for height in -1...9 {
      let rows = frame(lines, height: height).count { $0 == "\n" }
      #expect(rows <= max(1, height - 1))
    }
  }

  @Test func theFirstFrameKeepsWhatWasOnTheScreen() {
    let frame = ScreenFrame(height: 4).bytes(of: Array("a\n".utf8), isFirst: true)
    #expect(String(decoding: frame, as: UTF8.self).hasPrefix("\n\n\n\u{1b}[Ha"))
  }

  @Test func onlyATerminalThatMovesItsCursorHasAFrame() throws {
    let pipe = try FileDescriptor.pipe()
    defer { for end in [pipe.readEnd, pipe.writeEnd] { try? end.close() } }
    #expect(ScreenFrame(on: pipe.writeEnd, environment: Environment { _ in "xterm" }) == nil)
  }
}
