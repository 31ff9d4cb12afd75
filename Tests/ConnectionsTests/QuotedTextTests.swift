import Connections
import Testing

@Suite("Quoted text in messages")
struct QuotedTextTests {
  @Test(arguments: [
    ("", "\"\""), ("java", "\"java\""), ("é", "\"é\""), ("a b", "\"a b\""),
    ("a\u{1b}[2J\r\n", "\"a\\u{1b}[2J\\u{d}\\u{a}\""), ("\u{0}", "\"\\u{0}\""),
    ("\u{9b}2J", "\"\\u{9b}2J\""), ("\u{7f}", "\"\\u{7f}\""), ("a\u{202e}b", "\"a\\u{202e}b\""),
    ("\u{2028}", "\"\\u{2028}\""), ("\u{200b}", "\"\\u{200b}\""),
  ])
  func escapesWhatCouldDeceive(text: String, quoted: String) {
    #expect(text.quoted == quoted)
  }
}
