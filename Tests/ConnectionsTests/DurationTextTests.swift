import Connections
import TestSupport
import Testing

@Suite("Durations")
struct DurationTextTests {
  @Test(
    arguments: [
      ("500ms", 500), ("90s", 90_000), ("10m", 600_000), ("1h30m", 5_400_000), ("7d", 604_800_000),
      ("0s", 0), ("1m07s", 67_000), ("1h05m", 3_900_000), ("1d2h3m4s5ms", 93_784_005),
      ("90m", 5_400_000),
      ("1h5ms", 3_600_005),
      ("106751991167d", 9_223_372_036_828_800_000), ("9223372036854775807ms", UInt64(Int64.max)),
    ] as [(String, UInt64)])
  func parsesDurations(text: String, milliseconds: UInt64) throws {
    #expect(try DurationText.parse(text) == milliseconds)
  }

  @Test(
    arguments: [
      ("", .empty, 0..<0), ("-5m", .negative, 0..<3), ("5", .missingUnit(number: 5), 0..<1),
      ("1h30", .missingUnit(number: 30), 2..<4), ("5M", .unknownUnit("M"), 1..<2),
      ("10min", .unknownUnit("min"), 2..<5), ("1h 30m", .unknownUnit("h "), 1..<3),
      ("1w", .unknownUnit("w"), 1..<2), ("5µs", .unknownUnit("µs"), 1..<4),
      ("1.5h", .unknownUnit("."), 1..<2), ("1h-5m", .unknownUnit("h-"), 1..<3),
      ("h", .notANumber, 0..<1), ("+5m", .notANumber, 0..<1), (" 5m", .notANumber, 0..<1),
      ("30m1h", .unitOutOfOrder("h"), 4..<5), ("1h1h", .unitOutOfOrder("h"), 3..<4),
      ("5ms1s", .unitOutOfOrder("s"), 4..<5), ("99999999999999999999s", .tooLong, 0..<20),
      ("9223372036854775808ms", .tooLong, 0..<21), ("106751991168d", .tooLong, 0..<13),
      ("1s18446744073709551615ms", .tooLong, 2..<24), ("300000000000d", .tooLong, 0..<13),
      ("99999999999999999999", .tooLong, 0..<20), ("010m", .leadingZero("010"), 0..<3),
      ("00s", .leadingZero("00"), 0..<2), ("05", .leadingZero("05"), 0..<2),
    ] as [(String, DurationProblem.Kind, Range<Int>)])
  func rejectsInvalidDurations(text: String, kind: DurationProblem.Kind, range: Range<Int>) throws {
    let problem = try #require(throws: DurationProblem.self) { try DurationText.parse(text) }
    #expect(problem.kind == kind)
    #expect(problem.range == range)
  }

  @Test(
    "Messages",
    arguments: [
      ("", "missing duration; write 90s, 10m, 1h30m or 7d"),
      ("-1h", "a duration cannot be negative"),
      ("x", "a duration must start with a whole number, such as 90s, 10m, 1h30m or 7d"),
      ("5", "a duration needs a unit: \"5\"; write 5s, 5m or 5h"),
      ("5M", "unknown unit \"M\"; use ms, s, m (minutes), h or d"),
      (
        "30m1h",
        "unit \"h\" cannot follow the same or a smaller unit; write 1h30m, not 30m1h"
      ),
      ("300000000000d", "the duration is too long"),
      ("010m", "\"010\" starts with 0 and could be read as octal; write 10"),
      ("000s", "\"000\" starts with 0 and could be read as octal; write 0"),
      ("5\n", "unknown unit \"\\u{a}\"; use ms, s, m (minutes), h or d"),
    ])
  func messages(text: String, message: String) throws {
    let problem = try #require(throws: DurationProblem.self) { try DurationText.parse(text) }
    #expect(problem.description == message)
  }

  /// Values of every order of magnitude, with the limits of each unit.
  private func samples() -> [UInt64] {
    var generator = Seeded(5)
    let edges: [UInt64] = [1, 1000, 60_000, 3_600_000, 86_400_000, UInt64(Int64.max)]
    return edges.flatMap { [$0 - 1, $0, min($0 + 1, UInt64(Int64.max))] }
      + (0..<5000).map { _ in
        (generator.next() >> 1) >> UInt64.random(in: 0..<63, using: &generator)
      }
  }

  @Test("The exact text parses to the same number")
  func exact() throws {
    #expect(DurationText.exact(milliseconds: 0) == "0s")
    #expect(DurationText.exact(milliseconds: 93_784_005) == "1d2h3m4s5ms")
    #expect(DurationText.exact(milliseconds: 5_400_000) == "1h30m")
    for sample in samples() {
      #expect(try DurationText.parse(DurationText.exact(milliseconds: sample)) == sample)
    }
  }

  @Test("The rounded text is never too large, and too small by less than its last unit")
  func rounded() throws {
    for sample in samples() {
      let text = DurationText.rounded(milliseconds: sample)
      let read = try DurationText.parse(text)
      #expect(read <= sample, "\(text)")
      let step: UInt64 =
        switch sample {
        case ..<1000: 1
        case ..<3_600_000: 1000
        case ..<86_400_000: 60_000
        default: 3_600_000
        }
      #expect(sample - read < step, "\(text)")
      if sample < 100 * 86_400_000 { #expect(text.count <= 6, "\(text)") }
    }
  }

  @Test(
    arguments: [
      (0, "0ms"), (999, "999ms"), (1000, "1s"), (59_999, "59s"), (60_000, "1m00s"),
      (3_599_999, "59m59s"), (3_600_000, "1h00m"), (86_399_999, "23h59m"), (86_400_000, "1d00h"),
      (8_639_999_999, "99d23h"),
    ] as [(UInt64, String)])
  func roundsToTwoUnits(milliseconds: UInt64, text: String) {
    #expect(DurationText.rounded(milliseconds: milliseconds) == text)
  }
}
