import Connections
import TestSupport
import Testing

@testable import Selection

@Suite("Word suggestions")
struct NearestWordTests {
  private func slips(_ one: String, _ other: String) -> Int {
    NearestWord.distance(Array(one.unicodeScalars), Array(other.unicodeScalars))
  }

  @Test(arguments: [
    ("", "", 0), ("a", "", 1), ("", "abc", 3), ("idle", "idel", 1), ("idle", "idle", 0),
    ("kitten", "sitting", 3), ("ab", "ba", 1), ("abcd", "badc", 2), ("ca", "abc", 3),
    ("close-wait", "closewait", 1),
  ])
  func distances(lhs: String, rhs: String, distance: Int) {
    #expect(slips(lhs, rhs) == distance)
    #expect(slips(rhs, lhs) == distance)
  }

  @Test("The distance is symmetric, 0 only for equal words, and at most the longer length")
  func properties() {
    var generator = Seeded(10)
    func word() -> String {
      String(
        (0..<Int.random(in: 0...6, using: &generator)).compactMap { _ in
          "abc".randomElement(using: &generator)
        })
    }
    for _ in 0..<5000 {
      let (lhs, rhs) = (word(), word())
      let distance = slips(lhs, rhs)
      #expect(distance == slips(rhs, lhs))
      #expect((distance == 0) == (lhs == rhs))
      #expect(distance <= max(lhs.count, rhs.count))
      #expect(distance >= abs(lhs.count - rhs.count))
    }
  }

  @Test(
    arguments: [
      ("establised", "established"), ("ESTABLISHD", "established"), ("closewait", "close-wait"),
      ("close_wiat", "close-wait"), ("lisen", "listen"), ("xyz", nil), ("", nil), ("e", nil),
      ("wait", nil), (String(repeating: "a", count: 10_000), nil),
    ] as [(String, String?)])
  func states(word: String, nearest: String?) {
    #expect(NearestWord.to(word, among: TCPStateSet.words) == nearest)
  }

  @Test("The first of several equally close words is suggested")
  func ties() {
    #expect(NearestWord.to("bat", among: ["cat", "hat", "bar"]) == "cat")
    #expect(NearestWord.to("bar", among: ["cat", "bat", "bar"]) == "bar")
  }

  @Test(
    arguments: [
      ("idel", .idle), ("instate", .inState), ("prot", .port), ("peer_port", .peerPort),
      ("locl-port", .localPort), ("proces", .process), ("olderthan", .age),
      ("DPORT", .peerPort), ("colour", nil),
    ] as [(String, SelectionKey?)])
  func keys(word: String, key: SelectionKey?) {
    #expect(SelectionKey.nearest(to: word) == key)
  }
}
