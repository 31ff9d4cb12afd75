import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// Times in the log and in `--since` and `--until`.
@Suite struct LogTimeTests {
  @Test(arguments: [
    ("1970-01-01", 0), ("1970-01-01T00:00:01Z", 1000), ("1970-01-01T00:00:00.5Z", 500),
    ("1970-01-01T00:00:00.123456Z", 123), ("1970-01-01 01:00", 3_600_000),
    ("1970-01-01T01:00+01:00", 0), ("1969-12-31T19:00:00-05:00", 0),
    ("1969-12-31T23:59:59.999Z", -1), ("2026-11-21T05:42:50.123Z", 1_795_239_770_123),
    ("2024-02-29", 1_709_164_800_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000),
  ])
  func timesAreParsed(text: String, milliseconds: Int64) {
    #expect(LogTime(text)?.milliseconds == milliseconds)
  }

  @Test(arguments: [
    "", "2026", "2026-11", "2026-13-01", "2026-00-01", "2026-02-29", "2026-11-31", "2026-11-21T",
    "2026-11-21T5:42", "2026-11-21T24:00", "2026-11-21T05:60", "2026-11-21T05:42:61",
    "2026-11-21T05:42:50.Z", "2026-11-21T05:42:50Zx", "2026-11-21T05:42:50+1:00", " 2026-11-21",
    "2026-11-21T05:42:50+24:00", "now", "２026-11-21", "1900-02-29",
  ])
  func invalidTimesAreRefused(text: String) {
    #expect(LogTime(text) == nil)
  }

  @Test func timesSurviveARoundTrip() {
    for text in [
      "2026-11-21T05:42:50.123Z", "1970-01-01T00:00:00.000Z", "2024-02-29T23:59:59.999Z",
    ] {
      #expect(LogTime(text)?.text == text)
    }
  }

  @Test func anOptionIsATimeOrADuration() throws {
    let now = LogTime(milliseconds: 1_000_000)
    #expect(try LogTime(option: "--since", value: "90s", now: now).milliseconds == 910_000)
    #expect(
      try LogTime(option: "--since", value: "1970-01-02", now: now).milliseconds == 86_400_000)
    #expect(try LogTime(option: "--since", value: "2m ago", now: now).milliseconds == 880_000)
    for value in ["soon", "ago", " ago", "2 ago", "25:00", "14:30Y", "tomorrow", "-2h"] {
      #expect(throws: CommandFailure.self) {
        try LogTime(option: "--since", value: value, now: now)
      }
    }
  }

  /// A time of day is the last one that has passed.
  @Test(arguments: [
    ("now", "2026-03-01T10:00:00Z"), ("today", "2026-03-01"), ("yesterday", "2026-02-28"),
    ("09:30", "2026-03-01T09:30:00Z"), ("10:00", "2026-03-01T10:00:00Z"),
    ("10:00:01", "2026-02-28T10:00:01Z"), ("14:30", "2026-02-28T14:30:00Z"),
    ("14:30Z", "2026-02-28T14:30:00Z"), ("00:00", "2026-03-01"),
  ])
  func daysAndTimesOfDayAreRelativeToNow(value: String, expected: String) throws {
    let now = try #require(LogTime("2026-03-01T10:00:00Z"))
    #expect(
      try LogTime(option: "--since", value: value, now: now) == (try #require(LogTime(expected))))
  }

  @Test func timesArePrintedInUTC() throws {
    let time = try #require(LogTime("2026-11-21T05:42:50.123Z"))
    #expect(time.dayText(in: .utc) == "2026-11-21")
    #expect(time.clockText(in: .utc) == "05:42:50Z")
    #expect(time.fullText(in: .utc) == "2026-11-21 05:42:50.123Z")
    #expect(LogTime(milliseconds: -1).fullText(in: .utc) == "1969-12-31 23:59:59.999Z")
  }

  /// The zone of the machine, whatever it is: what is printed is read back.
  @Test(arguments: ["2026-01-21T05:42:50.123Z", "2026-07-21T23:59:59.000Z"])
  func localTimesSurviveARoundTrip(text: String) throws {
    let time = try #require(LogTime(text))
    #expect(LogTime(time.fullText(in: .local)) == time, "the zone is printed")
    let day = time.dayText(in: .local)
    let midnight = try LogTime(option: "--since", value: "today", now: time, in: .local)
    #expect(midnight == LogTime(day, in: .local))
    #expect(midnight <= time && time.milliseconds - midnight.milliseconds <= 25 * 3_600_000)
    #expect(LogTime(text, in: .local) == time, "a time with a zone is not changed")
  }
}
