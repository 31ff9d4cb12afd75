import FoundationEssentials
import Testing

/// The source checkout under test.
enum Checkout {
  /// Its directory.
  static let path = #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

  /// The contents of one of its files.
  static func read(_ name: String) throws -> String {
    try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8)
  }

  /// The documentation sections whose commands install connreap.
  enum Manual: String, CaseIterable {
    case cronAndSystemd = "From cron or systemd"
    case prometheus = "Prometheus"

    /// The file that contains the section.
    var file: String {
      switch self {
      case .cronAndSystemd: "Documentation/deployment.md"
      case .prometheus: "Documentation/monitoring.md"
      }
    }
  }

  /// The shell commands in a documentation section, without `sudo`.
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
