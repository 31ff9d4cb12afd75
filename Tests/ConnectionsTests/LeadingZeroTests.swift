import Connections
import Testing

@Suite("Leading zeros")
struct LeadingZeroTests {
  @Test(arguments: [
    ("010", true), ("00", true), ("08", true), ("0", false), ("10", false), ("", false),
    ("0x10", false), ("0a", false), ("-01", false), ("٠١", false), ("1", false),
  ])
  func detectsLeadingZeros(text: String, expected: Bool) {
    #expect(LeadingZero.starts(text) == expected)
  }

  @Test(arguments: [("010", "10"), ("00", "0"), ("0080", "80")])
  func messageNamesTheNumberToWrite(text: String, number: String) {
    #expect(
      LeadingZero.message(text)
        == "\"\(text)\" starts with 0 and could be read as octal; write \(number)")
  }
}
