import Connections
import PresentationTestSupport
import Scanning

@testable import Reports

extension StatsScene {
  /// The report of `stats`, with groups if `grouping` is given.
  func report(by grouping: Grouping? = nil) throws -> StatsReport {
    StatsReport(
      tally: Tally(try snapshot(by: grouping ?? .state)),
      groups: try grouping.map { try groups(by: $0) }, grouping: grouping, kernel: nil,
      countsAllEstablished: true)
  }
}
