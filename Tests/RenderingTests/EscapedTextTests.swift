import Connections
import TestSupport
import Testing

@testable import Rendering

@Suite struct EscapedTextTests {
  @Test(arguments: [
    ("java", "java"),
    ("my server", "my server"),
    ("naïve-日本", "naïve-日本"),
    ("a\u{1b}[31mb", #"a\x1b[31mb"#),
    ("line\nbreak\r\t", #"line\x0abreak\x0d\x09"#),
    ("nul\0", #"nul\x00"#),
    ("del\u{7f}", #"del\x7f"#),
    ("c1\u{9b}31m", #"c1\u{9b}31m"#),
    ("rtl\u{202e}cod.exe", #"rtl\u{202e}cod.exe"#),
    ("zero\u{200b}width", #"zero\u{200b}width"#),
    ("sep\u{2028}", #"sep\u{2028}"#),
    (#"back\x1bslash"#, #"back\\x1bslash"#),
    ("e\u{301}", #"e\u{301}"#),
    (#"CORP\alice"#, #"CORP\alice"#),
    (#"my\x2dapp.service"#, #"my\x2dapp.service"#),
    (#"CORP\xavier"#, #"CORP\xavier"#),
    (#"CORP\ulla"#, #"CORP\ulla"#),
    (#"a\u{1b}"#, #"a\\u{1b}"#),
    (#"two\\of"#, #"two\\\of"#),
    (#"end\"#, #"end\"#),
    (#"stray\xff"#, #"stray\\xff"#),
    ("before\\\u{1b}", #"before\\\x1b"#),
    (#"half\xf"#, #"half\xf"#),
  ])
  func disturbingCharactersAreEscaped(text: String, escaped: String) {
    #expect(EscapedText.escaped(text) == escaped)
  }

  @Test func differentNamesStayDifferent() {
    var random = Seeded(11)
    let alphabet = Array("ab\\x1\u{1b}\n{}u".unicodeScalars)
    var seen: [String: String] = [:]
    for _ in 0..<5000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        text.append(alphabet.randomElement(using: &random) ?? "a")
      }
      let escaped = EscapedText.escaped(String(text))
      #expect(seen[escaped].map { $0.unicodeScalars.elementsEqual(text) } ?? true)
      seen[escaped] = String(text)
    }
  }

  @Test func anyTextBecomesPrintable() {
    var random = Seeded(12)
    for _ in 0..<2000 {
      let text = String(decoding: random.bytes(24), as: UTF8.self)
      for scalar in EscapedText.escaped(text).unicodeScalars {
        #expect(scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value))
      }
    }
  }

  @Test(arguments: [
    ("abc", 3), ("naïve", 5), ("日本", 4), ("…", 1), ("🔥", 2), ("", 0), ("⚡🟢✅", 6), ("☀", 1),
    ("🪿", 2), ("🀀", 1), ("🇩🇪", 2), ("한", 2), ("─", 1),
  ])
  func widthIsInTerminalColumns(text: String, width: Int) {
    #expect(EscapedText.width(of: text.utf8) == width)
  }
}

@Suite struct CaretTests {
  @Test func marksTheRange() {
    #expect(Caret(line: "  --idle 10", at: 0..<2, from: 9).text == "  --idle 10\n         ^~")
    #expect(Caret(line: "abc", at: 1..<1).text == "abc\n ^")
  }

  @Test func marksTheEndAtMost() {
    #expect(Caret(line: "abc", at: 7..<9).text == "abc\n   ^")
  }

  @Test func alignsAfterEscapesAndWideCharacters() {
    #expect(Caret(line: "日\u{1b}x", at: 4..<5).text == "日\\x1bx\n      ^")
  }
}

@Suite struct CSVTextTests {
  private func field(_ text: String) -> String {
    var line: [UInt8] = []
    CSVText.append(text, to: &line)
    return String(decoding: line, as: UTF8.self)
  }

  @Test(arguments: [
    ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
    ("two\nlines", #"two\x0alines"#),
  ])
  func fieldsAreQuotedIfNecessary(text: String, expected: String) {
    #expect(field(text) == expected)
  }

  @Test(arguments: [
    ("=cmd|calc!A1", "'=cmd|calc!A1"), ("=1+1", "'=1+1"), ("+1+1", "'+1+1"), ("-1+1", "'-1+1"),
    ("@SUM(A1)", "'@SUM(A1)"), ("-", "'-"), ("--5", "'--5"), ("-5-", "'-5-"), ("-.5", "'-.5"),
    ("=HYPERLINK(\"http://x\",1)", "\"'=HYPERLINK(\"\"http://x\"\",1)\""),
    ("＝1+1", "'＝1+1"), ("＋1", "'＋1"), ("－1", "'－1"), ("＠x", "'＠x"),
  ])
  func formulasGetAnApostrophe(text: String, expected: String) {
    #expect(field(text) == expected)
  }

  @Test(arguments: [
    "-5", "+5", "-5.25", "0", "10.0.0.1:80", "*:80", "[::]:80", "a=b", "java", "'x",
  ])
  func otherFieldsStayUnchanged(text: String) {
    #expect(field(text) == text)
  }

  @Test func aLeadingControlCharacterGetsAnApostrophe() {
    for start in ["\t", "\r"] {
      var line: [UInt8] = []
      CSVText.append(printable: Array("\(start)=1".utf8), to: &line)
      #expect(line.first == UInt8(ascii: "'"))
    }
  }
}

@Suite struct CountTests {
  @Test(arguments: [
    (0, "0"), (7, "7"), (999, "999"), (1000, "1,000"), (12_345, "12,345"), (1_204_000, "1,204,000"),
  ])
  func numbersHaveThousandsSeparators(number: Int, text: String) {
    #expect(Count.text(number) == text)
  }
}

@Suite struct EscapedNameTests {
  @Test func invalidBytesOfANameAreEscaped() {
    #expect(EscapedText.escaped(KernelName(bytes: [0x61, 0xff, 0x1b, 0x5c])) == #"a\xff\x1b\\"#)
    #expect(EscapedText.escaped(KernelName("e\u{301}")) == EscapedText.escaped("e\u{301}"))
    #expect(EscapedText.escaped(KernelName(#"my\x2dapp"#)) == EscapedText.escaped(#"my\x2dapp"#))
  }
}
