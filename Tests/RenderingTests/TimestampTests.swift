import Testing

@testable import Rendering

@Suite struct TimestampTests {
  @Test(arguments: [
    (0, 0, "1970-01-01T00:00:00.000Z"),
    (951_782_400, 7, "2000-02-29T00:00:00.007Z"),
    (1_700_000_000, 45, "2023-11-14T22:13:20.045Z"),
    (4_102_444_799, 999, "2099-12-31T23:59:59.999Z"),
  ])
  func timesAreInUTCWithMilliseconds(seconds: Int, milliseconds: Int, text: String) {
    #expect(Timestamp.text(seconds: seconds, milliseconds: milliseconds) == text)
  }
}
