import Connections
import PolicyEngine
import Reaping
import Rendering
import Scanning

/// The numbers of connections that policies close, arm, report, leave and spare.
///
/// A connection of several policies counts once, for the strongest action.
package struct PolicyCounts {
  private let close: Int
  private let arm: Int
  private let report: Int
  private let leave: Int
  private let spare: Int

  package init(_ evaluated: PolicyEvaluation) {
    let connections = evaluated.snapshot.connections
    var counted = Set(evaluated.plan.closings.map(\.connection.cookie))
    close = evaluated.plan.closings.count { $0.method.closes }
    arm = evaluated.plan.closings.count - close
    func count(_ cookies: [SocketCookie]) -> Int {
      cookies.reduce(0) { $0 + (counted.insert($1).inserted ? 1 : 0) }
    }
    func cookies(_ rows: [Int]) -> [SocketCookie] { rows.map { connections[$0].cookie } }
    let reports = evaluated.findings.filter { $0.policy.action == .report }
    report = count(cookies(reports.flatMap(\.rowsOverThreshold)))
    let protected = evaluated.findings.flatMap(\.spared).filter {
      if case .protected = $0.reason { true } else { false }
    }
    let guarded = evaluated.plan.steps.filter { $0.decision != .close }
    spare = count(guarded.map(\.connection.cookie) + cookies(protected.map(\.row)))
    var left: [Int] = []
    for found in evaluated.findings {
      left += found.spared.map(\.row) + found.groups.flatMap(\.rows) + found.undecidedRows
    }
    leave = count(cookies(left))
  }

  /// Whether nothing would be closed or armed.
  package var isEmpty: Bool { close == 0 && arm == 0 }

  /// `close 312, report 27, leave 52, spare 1`.
  package var line: String {
    let armed = arm > 0 ? "arm \(Count.text(arm)), " : ""
    return "close \(Count.text(close)), \(armed)\(others)"
  }

  /// The connections that are not touched: `report 27, leave 52, spare 1`.
  package var others: String {
    "report \(Count.text(report)), leave \(Count.text(leave)), spare \(Count.text(spare))"
  }
}
