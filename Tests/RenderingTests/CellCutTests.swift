import Testing

@testable import Rendering

@Suite struct CellCutTests {
  private func cut(_ cut: CellCut, _ text: String, to width: Int) -> String {
    var bytes = Array("before ".utf8) + Array(text.utf8)
    let used = cut.cut(&bytes, from: 7, to: width)
    let short = String(String(decoding: bytes, as: UTF8.self).dropFirst(7))
    #expect(used == EscapedText.width(of: short.utf8))
    return short
  }

  @Test func aFittingCellStays() {
    for kind in [CellCut.end, .localEnd, .peer, .bothEnds, .owner] {
      #expect(cut(kind, "10.0.0.5:8080", to: 13) == "10.0.0.5:8080")
    }
  }

  @Test func aLocalEndKeepsItsPort() {
    #expect(cut(.localEnd, "10.0.0.5:8080", to: 12) == ":8080")
    #expect(cut(.localEnd, "[2001:db8::1%eth0]:65535", to: 6) == ":65535")
  }

  @Test(arguments: 13..<40)
  func aPeerLosesTheMiddleOfItsAddress(width: Int) {
    let short = cut(.peer, "[2001:db8:1234:5678:9abc:def0:1234:5678]:51690", to: width)
    #expect(short.unicodeScalars.count <= width)
    #expect(short.hasPrefix("[20") && short.hasSuffix("]:51690") && short.contains("…"))
  }

  @Test func theLocalEndIsCutFirst() {
    let text = "[2001:db8::5]:8080 → [2001:db8:1234:5678:9abc:def0:1234:5678]:51690 in blue"
    #expect(cut(.bothEnds, text, to: 62).hasPrefix(":8080 → [2001:db8:1234:5678"))
    #expect(cut(.bothEnds, text, to: 40) == ":8080 → [2001:db8…34:5678]:51690 in blue")
    #expect(cut(.bothEnds, "10.0.0.5:80 → 10.0.0.9:51690", to: 27) == ":80 → 10.0.0.9:51690")
  }

  @Test func anOwnerKeepsItsPid() {
    let text = "python3[27065] fd 18, and 12 more"
    #expect(cut(.owner, text, to: 32) == "python3[27065] fd 18, and 12 mo…")
    #expect(cut(.owner, text, to: 28) == "python3[27065] fd 18, and …", "numbers stay whole")
    #expect(cut(.owner, text, to: 14) == "python3[27065]")
    #expect(cut(.owner, text, to: 12) == "pyth…[27065]")
    #expect(cut(.owner, text, to: 7) == "[27065]")
    #expect(cut(.owner, "in accept queue of :8080 (java[5])", to: 10).hasSuffix("[5]"))
  }

  @Test func anOwnerKeepsTheNumberOfOthers() {
    let text = "orders.jar[2210] +1,003"
    #expect(cut(.owner, text, to: 23) == text)
    #expect(cut(.owner, text, to: 18) == "orde…[2210] +1,003")
    #expect(cut(.owner, "orders.jar[2210] +1,003 fd 3", to: 20) == "orders…[2210] +1,003")
    #expect(cut(.owner, "orders.jar[2210] + 5", to: 17) == "orders.jar[2210]…")
  }

  @Test func aNameWithBracketsIsNotAPid() {
    #expect(cut(.owner, "[kworker/0:1] and so on", to: 10) == "[kworker/…")
    #expect(cut(.owner, "a[b][12] fd 3", to: 9) == "a[b][12]…")
  }
}
