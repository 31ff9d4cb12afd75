import Connections
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// The items in a value of `--netns`.
@Suite struct NamespaceListTests {
  @Test(
    arguments: [
      ("blue", ["blue"]), ("blue,green", ["blue", "green"]), ("x,y", ["x,y"]),
      ("x,y,blue", ["x,y", "blue"]), ("blue,x,y", ["blue", "x,y"]), ("x,z", ["x", "z"]),
      ("", [""]), ("1,", ["1", ""]), ("/proc/self/ns/net,blue", ["/proc/self/ns/net", "blue"]),
      ("/no,/such", ["/no", "/such"]), ("a,b,c,d", ["a,b,c,d"]), ("a,b,c", ["a", "b", "c"]),
    ] as [(String, [String])])
  func aCommaInAKnownNameIsNoSeparator(value: String, items: [String]) {
    #expect(NamespaceList.items(of: value, known: ["blue", "green", "x,y", "a,b,c,d"]) == items)
  }

  @Test func manyCommasTakeLittleTime() {
    let value = String(repeating: "/,", count: 50_000)
    #expect(NamespaceList.items(of: value, known: ["blue"]).count == 50_001)
  }
}
