import Testing

@testable import Screens

/// Control sequences.
@Suite struct TerminalSequenceTests {
  private func base64(_ text: String) -> String {
    String(decoding: TerminalSequence.base64(Array(text.utf8)), as: UTF8.self)
  }

  /// The examples of RFC 4648, section 10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
  ])
  func base64IsPadded(text: String, encoded: String) {
    #expect(base64(text) == encoded)
  }

  @Test func everyDigitOfBase64IsUsed() {
    let bytes = (0..<64).map { UInt8($0 << 2) }
    let digits = bytes.map { TerminalSequence.base64([$0])[0] }
    #expect(
      String(decoding: digits, as: UTF8.self)
        == "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  }

  @Test func copiedTextCannotEndTheSequence() {
    let sequence = TerminalSequence.copying("\u{7}\u{1b}\\x")
    #expect(String(decoding: sequence, as: UTF8.self) == "\u{1b}]52;c;BxtceA==\u{7}")
  }
}
