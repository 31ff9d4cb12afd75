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

  /// The sections of the documentation that give commands which install connreap.
  enum Manual: String, CaseIterable {
    case cronAndSystemd = "From cron or systemd"
    case prometheus = "Prometheus"

    /// The file that has the section.
    var file: String {
      switch self {
      case .cronAndSystemd: "Documentation/deployment.md"
      case .prometheus: "Documentation/monitoring.md"
      }
    }
  }

  /// The commands in a section of the documentation, without `sudo`.
  static func commands(in manual: Manual) throws -> [String] {
    let title = manual.rawValue
    let sections = try read(manual.file).split(separator: "\n## ")
    let section = try #require(sections.first { $0.hasPrefix(title + "\n") }, "\(title)")
    let blocks = section.split(separator: "```", omittingEmptySubsequences: false).enumerated()
      .filter { $0.offset % 2 == 1 && $0.element.hasPrefix("sh\n") }
    return blocks.flatMap { $0.element.split(separator: "\n").dropFirst() }
      .map { String($0.replacing("sudo ", with: "")) }
      .filter { !$0.hasPrefix("#") }
  }
}
