import FoundationEssentials
import TestSupport
import Testing

@testable import Rendering

@Suite struct JSONWriterTests {
  private func written(_ fill: (inout JSONWriter) -> Void) -> String {
    var json = JSONWriter()
    fill(&json)
    return String(decoding: json.take(), as: UTF8.self)
  }

  @Test func membersAreSeparatedAndNested() {
    let text = written { json in
      json.object { json in
        json.member("a", 1)
        json.member("b", true)
        json.object("c") { $0.member("d", "e") }
        json.array("f") { json in
          json.element(1)
          json.element("x")
          json.object { _ in }
        }
        json.member("g", UInt64?.none)
        json.member("h") { $0.append(contentsOf: "plain".utf8) }
        json.member(named: "i", 9)
      }
    }
    #expect(
      text == #"{"a":1,"b":true,"c":{"d":"e"},"f":[1,"x",{}],"g":null,"h":"plain","i":9}"#)
  }

  @Test func eachDocumentIsOneLine() {
    let text = written { json in
      for number in 1...2 {
        json.object { $0.member("n", number) }
        json.endDocument()
      }
    }
    #expect(text == "{\"n\":1}\n{\"n\":2}\n")
  }

  @Test(arguments: [
    ("quote\"back\\slash", #""quote\"back\\slash""#),
    ("\u{1b}[2J\n", #""\u001b[2J\u000a""#),
    ("\u{7f}\u{9b}", #""\u007f\u009b""#),
    ("\u{202e}", #""\u202e""#),
    ("ä日", "\"ä日\""),
    ("\u{e0001}", #""\udb40\udc01""#),
  ])
  func stringsAreEscaped(text: String, expected: String) {
    #expect(written { $0.element(text) } == expected)
  }

  @Test func everyStringSurvivesARoundTrip() throws {
    struct Holder: Decodable { let s: String }
    var random = Seeded(13)
    for _ in 0..<2000 {
      let text = String(decoding: random.bytes(20), as: UTF8.self)
      let json = written { $0.object { $0.member("s", text) } }
      let back = try JSONDecoder().decode(Holder.self, from: Data(json.utf8)).s
      #expect(back.unicodeScalars.elementsEqual(text.unicodeScalars))
      #expect(json.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f })
    }
  }
}
