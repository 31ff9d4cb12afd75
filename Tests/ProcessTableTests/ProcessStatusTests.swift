import TestSupport
import Testing

@testable import ProcessTable

@Suite struct ProcessStatusTests {
  private func line(
    name: String = "app", state: String = "S", flags: Int = 0, threads: Int = 3
  ) -> [UInt8] {
    Array(ProcTree.stat(77, name, state, 12, flags, threads, 4711).utf8)
  }

  @Test(arguments: [
    "app", "", ")", "(", "a) R 1 2 3", "a\nb", ") Z 9 9 9 9 9 9", "\u{1b}[2J", "( ) (", "a\n) R 1",
  ])
  func fieldsFollowTheLastParenthesis(_ name: String) throws {
    let status = try #require(ProcessStatus(line(name: name)))
    #expect(status.state == UInt8(ascii: "S"))
    #expect(status.parent == 12)
    #expect(status.threads == 3)
    #expect(status.startTicks == 4711)
  }

  @Test func namesMayBeInvalidUTF8() throws {
    var bytes = line(name: "abc")
    bytes[4] = 0xff
    #expect(ProcessStatus(bytes)?.startTicks == 4711)
  }

  @Test func truncatedLinesAreMalformedOrEqual() throws {
    let whole = line()
    let afterStart = try #require(String(decoding: whole, as: UTF8.self).utf8Offset(of: " 4096"))
    for length in 0..<whole.count {
      let status = ProcessStatus(Array(whole[..<length]))
      if length >= afterStart {
        #expect(status?.startTicks == 4711)
      } else if let status {
        // A truncated number looks like a shorter one.
        #expect("4711".hasPrefix("\(status.startTicks)"))
      }
    }
    #expect(ProcessStatus([]) == nil)
  }

  @Test(arguments: [
    "77 (app", "77 app S 12", "77 (app)", "77 (app) S", "77 (app) S x 1 1 0 -1 0",
    "77 (app) SS 12 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711",
    "77 (app) S -12 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711",
    "77 (app) S 12 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 x",
    "77 (app) S 12 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 99999999999999999999",
  ])
  func otherLinesAreMalformed(_ line: String) {
    #expect(ProcessStatus(Array(line.utf8)) == nil)
  }

  @Test func zombiesWithoutThreadsHoldNothing() {
    #expect(ProcessStatus(line(state: "Z", threads: 1))?.holdsNothing == true)
    #expect(ProcessStatus(line(state: "Z", threads: 0))?.holdsNothing == true)
    #expect(ProcessStatus(line(state: "Z", threads: 2))?.holdsNothing == false)
    #expect(ProcessStatus(line(state: "S", threads: 1))?.holdsNothing == false)
  }

  @Test func kernelThreadsHoldNothing() {
    #expect(ProcessStatus(line(flags: 2_129_984, threads: 1))?.holdsNothing == true)
    #expect(ProcessStatus(line(flags: 0x0010_0000, threads: 1))?.holdsNothing == false)
  }
}

extension String {
  /// The byte offset of `part`.
  fileprivate func utf8Offset(of part: String) -> Int? {
    let (whole, part) = (Array(utf8), Array(part.utf8))
    return whole.indices.first { whole[$0...].starts(with: part) }
  }
}
