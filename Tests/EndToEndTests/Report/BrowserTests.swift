import FoundationEssentials
import Glibc
import Testing

/// The page in a browser, in an isolated network namespace.
@Suite(.waitsForPrograms, .needsNamespaces, .needsBrowser) struct BrowserTests {
  private struct Look: Decodable {
    let width: Int
    let window: Int
    let wide: [String]
    let upon: [String]
    let background: String
    let ink: String
    let title: String
    let headline: String
    let images: Int
    let rows: Int
    let scripts: Int
    let resources: Int
  }

  private struct Found: Decodable {
    let looks: [String: Look]
    let tree: [[String]]
    let log: [String]
    let requests: [String]
  }

  /// Opens the page of a leaking machine in a browser.
  private func browse() throws -> (found: Found, page: String) {
    let namespace = try NetworkNamespace()
    let folder = try TemporaryDirectory()
    let listener = try namespace.server.listen("pool", port: 8080)
    // The longest possible name, and one that must not become an element.
    try namespace.server.rename(Array("<img src=//x/>\u{1b}".utf8))
    _ = try namespace.closeWaits(12, to: listener)
    let other = try namespace.anotherPeer()
    try other.rename(Array("mmmmmmmmmmmmmmm".utf8))
    let mapped = try other.listen("v6", on: "::1", port: 65535)
    for number in 0..<3 {
      let near = try namespace.server.connect("six-\(number)", to: "::1", port: mapped.port)
      _ = try other.accept("accepted-\(number)", from: mapped)
      try near.finish()
    }
    let stuck = try namespace.server.listen("stuck", port: 8081, backlog: 1)
    for number in 0..<2 {
      _ = try namespace.server.connect("waiting-\(number)", port: stuck.port)
    }
    _ = try namespace.kill("--pid", "\(other.pid)", "--state", "close-wait")
    let page = folder.path + "/report.html"
    let ended = try namespace.connreap(
      "report", "--html", page, "--state-dir", namespace.state.path, "--leaked-after", "1ms")
    try #require(ended.status == 0, "\(ended.errorText)")
    let browsed = try Command.run(
      namespace.entering + [Tools.python, Tools.fixture("browse.py"), page, folder.path],
      environment: ["HOME": folder.path], seconds: 90)
    try #require(browsed.status == 0, "\(browsed.errorText)")
    // CONNREAP_PICTURES names a directory for the screenshots and the printed page.
    if let pictures = getenv("CONNREAP_PICTURES").map({ String(cString: $0) }) {
      let copied = try Command.run(
        ["bash", "-c", "cp \"$0\"/*.png \"$0\"/*.pdf \"$0\"/*.html \"$1\"", folder.path, pictures])
      #expect(copied.status == 0, "\(copied.errorText)")
    }
    return (
      try JSONDecoder().decode(Found.self, from: Data(browsed.output)),
      try String(contentsOfFile: page, encoding: .utf8)
    )
  }

  @Test func itIsShownAsItShould() throws {
    let (found, page) = try browse()
    #expect(found.log.isEmpty, "no error and no warning on the console")
    #expect(found.requests.count == 1 && found.requests[0].hasPrefix("file:///tmp/"))
    #expect(found.looks.count == 6)
    for (name, look) in found.looks {
      #expect(look.width <= look.window, "\(name): nothing exceeds the right edge")
      #expect(look.wide.isEmpty, "\(name)")
      #expect(look.upon.isEmpty, "\(name): no overlapping text")
      #expect(look.scripts == 0 && look.resources == 0)
      #expect(look.title.hasPrefix("TCP connections of "))
      #expect(look.headline.contains(#"<img src=//x/>\x1b["#), "names are text")
      #expect(look.images == page.split(separator: "<svg ").count - 1 && look.images >= 4)
      #expect(look.rows > 5)
    }
    let (light, dark) = (found.looks["light 360"], found.looks["dark 360"])
    #expect(light?.background == "rgb(243, 245, 247)" && light?.ink == "rgb(23, 32, 42)")
    #expect(dark?.background == "rgb(15, 19, 23)" && dark?.ink == "rgb(232, 236, 240)")

    // What a screen reader gets, also on a narrow screen.
    func names(_ role: String) -> [String] { found.tree.filter { $0[0] == role }.map { $0[1] } }
    #expect(names("image").contains { $0.hasPrefix("Leaked connections by process ") })
    #expect(names("table").count == page.split(separator: "<table>").count - 1)
    #expect(names("table").allSatisfy { !$0.isEmpty }, "each table is named by its caption")
    #expect(names("rowheader").count >= 6)
    for landmark in ["banner", "main", "contentinfo"] { #expect(names(landmark).count == 1) }
    #expect(names("heading").first?.hasPrefix("TCP connections of ") == true)
    #expect(names("region").contains("Leaks by process"))
  }
}

extension Trait where Self == ConditionTrait {
  /// The test needs a browser.
  static var needsBrowser: Self {
    .enabled(
      if: access("/usr/bin/chromedriver", X_OK) == 0
        && Tools.has(Tools.python, "-c", "import selenium"),
      "needs the packages chromium, chromium-driver and python3-selenium")
  }
}
