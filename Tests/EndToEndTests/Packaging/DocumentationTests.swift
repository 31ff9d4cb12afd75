import FoundationEssentials
import Glibc
import Testing

/// The Markdown documents.
@Suite struct DocumentationTests {
  private static let documents =
    [
      "README", "ARCHITECTURE", "CHANGELOG", "CONTRIBUTING", "RELEASING", "SECURITY",
    ].map { $0 + ".md" }
    + [
      "closing", "containers", "deployment", "monitoring", "performance", "policies", "recordings",
      "reference", "leaks", "selecting",
    ].map { "Documentation/\($0).md" }

  /// The anchor that GitHub generates for a heading.
  private func anchor(of heading: Substring) -> String {
    String(
      heading.lowercased().compactMap { character -> Character? in
        if character == " " { return "-" }
        return character.isLetter || character.isNumber || character == "-" ? character : nil
      })
  }

  @Test(arguments: documents) func linkTargetsExist(name: String) throws {
    let directory = name.split(separator: "/").dropLast().map { $0 + "/" }.joined()
    let text = try Checkout.read(name)
    for link in text.matches(of: /\]\(([^)\s]+)\)/).map(\.1) where !link.contains("://") {
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
      let path = parts[0].isEmpty ? name : directory + String(parts[0])
      #expect(access("\(Checkout.path)/\(path)", F_OK) == 0, "\(name) links to \(link)")
      guard parts.count == 2 else { continue }
      let headings = try Checkout.read(path).matches(of: /\n#+ ([^\n]+)/).map(\.1)
      #expect(headings.map(anchor(of:)).contains(String(parts[1])), "\(name) links to \(link)")
    }
  }

  @Test func readmeIsShort() throws {
    #expect(
      try Checkout.read("README.md").split(separator: "\n", omittingEmptySubsequences: false).count
        <= 181)
  }
}
