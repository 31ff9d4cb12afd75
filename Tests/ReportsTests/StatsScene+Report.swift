import Connections
import Presentation
import PresentationTestSupport
import Scanning

@testable import Reports

extension StatsScene {
  /// The report of `stats`, with groups if `grouping` is given.
  func report(by groupings: Grouping..., uptime: UInt64? = nil) throws -> StatsReport {
    let snapshot = try snapshot(by: groupings.first ?? .state)
    return StatsReport(
      tally: Tally(snapshot),
      groups: groupings.isEmpty
        ? nil
        : CombinedGroup.groups(
          of: snapshot, by: groupings, names: SystemNumbers(resolvesNames: false)),
      groupings: groupings, kernel: nil, wholeStates: Set(TCPState.allCases),
      moment: ScanMoment(
        bootID: nil, networkNamespace: nil, uptime: uptime, kernelRelease: nil,
        time: "2026-11-21T05:42:50.123Z", host: "web-1"))
  }
}
