import Connections
import TestSupport
import Testing

@Suite("Numbers of bytes")
struct ByteTextTests {
  @Test(
    arguments: [
      (0, "0"), (1023, "1023"), (1024, "1.0k"), (1228, "1.1k"), (1229, "1.2k"), (10_239, "9.9k"),
      (10_240, "10k"), (1_048_575, "1023k"), (1_048_576, "1.0M"), (50_331_648, "48M"),
      (1 << 30, "1.0G"), (1 << 40, "1.0T"), (UInt64.max, "15E"),
    ] as [(UInt64, String)])
  func textsAreShortAndRoundedDown(count: UInt64, text: String) {
    #expect(ByteText.rounded(count) == text)
  }

  @Test(
    arguments: [
      ("0", 0), ("4096", 4096), ("64k", 65_536), ("64K", 65_536), ("1.5M", 1_572_864),
      ("1.1k", 1127), ("0.1k", 103), ("2G", 1 << 31), ("1T", 1 << 40),
      ("15.9E", 0xfe66_6666_6666_6667),
      ("18446744073709551615", .max),
    ] as [(String, UInt64)])
  func parsesNumbersWithUnits(text: String, count: UInt64) throws {
    #expect(try ByteText.parse(text) == count)
  }

  @Test(
    arguments: [
      ("", .notANumber), ("k", .notANumber), ("1m", .notANumber), ("1kB", .notANumber),
      ("-1", .notANumber), ("+1", .notANumber), ("1.5", .notANumber), ("1.55k", .notANumber),
      (".5k", .notANumber), ("1.k", .notANumber), ("1.xk", .notANumber), ("1 k", .notANumber),
      ("010", .leadingZero(length: 3)), ("01.5k", .leadingZero(length: 2)), ("16E", .tooLarge),
      ("18446744073709551616", .tooLarge), ("99999999999999999999k", .tooLarge),
    ] as [(String, ByteProblem)])
  func rejectsOtherTexts(text: String, problem: ByteProblem) {
    #expect(throws: problem) { try ByteText.parse(text) }
  }

  /// What tables print, options accept. It selects what is printed the same, and all that is more.
  @Test func whatIsPrintedIsTheLeastNumberPrintedSo() throws {
    var random = Seeded(7)
    for _ in 0..<20_000 {
      let count = random.next() >> UInt64.random(in: 0..<64, using: &random)
      let text = ByteText.rounded(count)
      #expect(text.utf8.count <= 5)
      let parsed = try ByteText.parse(text)
      #expect(parsed <= count, "\(count) is printed as \(text)")
      #expect(ByteText.rounded(parsed) == text)
      if parsed > 0 { #expect(ByteText.rounded(parsed - 1) != text) }
    }
  }
}
