import Testing

@testable import ConnreapCommands
@testable import Operations

/// Options that take a duration, and their errors.
@Suite struct DurationArgumentTests {
  private func failure(
    _ text: String, in range: ClosedRange<UInt64> = 0...UInt64.max
  ) -> CommandFailure? {
    #expect(throws: CommandFailure.self) {
      try DurationArgument(argument: text).milliseconds(
        of: "--timeout", in: range, otherwise: "out of range")
    }
  }

  @Test func aDurationIsReadInMilliseconds() throws {
    let duration = DurationArgument(argument: "1m30s")
    #expect(try duration.milliseconds(of: "--timeout") == 90_000)
  }

  @Test func theHelpPrintsADefaultAsWritten() {
    #expect(DurationArgument(argument: "1m").defaultValueDescription == "1m")
  }

  @Test func aCaretMarksTheOffendingPart() throws {
    let failure = try #require(self.failure("1h5x"))
    #expect(failure.status == .usage)
    #expect(failure.message?.hasPrefix("--timeout: unknown unit \"x\"") == true)
    #expect(failure.remedy == "  --timeout 1h5x\n               ^")
  }

  @Test func aDurationOutOfRangeIsRejected() {
    #expect(failure("5s", in: 0...4999) == CommandFailure(.usage, "--timeout: out of range"))
  }

  @Test(arguments: ["99ms", "25d", "1x"])
  func anIntervalHasLimits(text: String) {
    #expect(throws: CommandFailure.self) {
      try DurationArgument(argument: text).interval(of: "--watch")
    }
  }

  @Test func trailingWordsAreReportedAsAFilter() {
    let failure = CommandFailure(option: nil, value: "idle > x", "not a duration", at: 7..<8)
    #expect(failure.text == "connreap: filter: not a duration\n  idle > x\n         ^\n")
  }
}
