import FoundationEssentials
import Testing

/// The checkout that the tests are of.
enum Checkout {
  /// Its folder.
  static let path = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

  /// What is in one of its files.
  static func read(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }

  /// The commands that the README gives in a section, without `sudo`.
  static func commands(ofSection title: String) throws -> [String] {
    let sections = try read("README.md").split(separator: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(title + "\n") }, "\(title)")
    let blocks = section.split(separator: "```", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 && $0.element.hasPrefix("sh\n") }
    return blocks.flatMap { $0.element.split(separator: "\n").dropFirst() }
      .map { String($0.replacing("sudo ", with: "")) }
      .filter { !$0.hasPrefix("#") }
  }
}
