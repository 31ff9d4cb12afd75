import PresentationTestSupport
import TestSupport
import Testing

@testable import Rendering

/// No name of a process can break the page.
@Suite struct HTMLTextTests {
  private func written(_ write: (inout HTMLText) -> Void) -> String {
    var page = HTMLText()
    write(&page)
    return String(decoding: page.bytes, as: UTF8.self)
  }

  @Test(arguments: [
    ("a & b", "a &amp; b"),
    ("</script><script>alert(1)</script>", "&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;"),
    (#"" onload="x"#, "&quot; onload=&quot;x"),
    ("it's", "it&#39;s"),
    ("&lt;", "&amp;lt;"),
    ("<!--", "&lt;!--"),
    ("]]>", "]]&gt;"),
    ("a\u{1b}[31m\n", #"a\x1b[31m\x0a"#),
    ("rtl\u{202e}", #"rtl\u{202e}"#),
    ("zero\u{200b}\u{feff}", #"zero\u{200b}\u{feff}"#),
    (#"a\b"#, #"a\b"#),
    ("日本 ≥ –", "日本 ≥ –"),
    ("", ""),
  ])
  func textIsEscaped(text: String, expected: String) {
    #expect(written { $0.text(text) } == expected)
    #expect(written { $0.element("p", text: text) } == "<p>\(expected)</p>")
    #expect(
      written { $0.empty("meta", ["content": text]) } == #"<meta content="\#(expected)"/>"#)
  }

  @Test func escapedNamesAreNotEscapedTwice() {
    let name = EscapedText.escaped("a\u{1b}\\<b>")
    #expect(written { $0.visible(name) } == #"a\x1b\&lt;b&gt;"#)
    #expect(written { $0.text(name) } == #"a\\x1b\&lt;b&gt;"#)
    #expect(written { $0.visible("left\u{202e}over\n") } == #"left\u{202e}over\x0a"#)
    #expect(written { $0.visible(#"\"#) } == #"\"#)
  }

  @Test func elementsAreNested() throws {
    let text = written { page in
      page.documentType()
      page.element("div", ["class": "a", "id": "b"]) { page in
        page.element("p", text: "one")
        page.empty("rect", ["x": "1"])
        page.element("p", ["class": "c"]) { _ in }
      }
    }
    let root = try Markup.page(Array(text.utf8))
    #expect(root.attributes == ["class": "a", "id": "b"])
    #expect(root.children.map(\.name) == ["p", "rect", "p"] && root.children[0].text == "one")
  }

  @Test func anyTextComesBackEscaped() throws {
    var random = Seeded(71)
    for _ in 0..<2000 {
      let text = HostileNames.next(&random)
      let bytes = Array(
        written { page in
          page.documentType()
          page.element("p", ["title": text]) { page in
            page.text(text)
            page.element("b", visible: text)
          }
        }.utf8)
      let root = try Markup.page(bytes)
      let visible = EscapedText.escaped(text)
      #expect(root.attributes["title"] == visible)
      #expect(root.ownText.dropLast(0) == visible && root.children.count == 1)
    }
  }

  /// Checks the checker: it must reject malformed pages.
  @Test(arguments: [
    "<p>a", "<p>a</b>", "<p>a & b</p>", "<p x=y></p>", "<p><br></p>", "<p>a > b</p>", "<p/>",
    "<p a=\"1\" a=\"2\"></p>", "<p>\u{1b}</p>", "<p></p><p></p>", "<meta>", "<p>&nbsp;</p>",
  ])
  func theCheckerRejectsMalformedPages(body: String) {
    #expect(throws: Markup.Fault.self) {
      try Markup.page(Array("<!DOCTYPE html>\n\(body)".utf8))
    }
  }
}
