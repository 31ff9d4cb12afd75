import Connections
import Operations
import Presentation
package import ProcessTable
import Rendering
import Scanning

// Forecasts of when leaks exhaust the descriptors of a process.
extension Health {
  /// Less time than this gives a warning: a day, in milliseconds.
  private static let soon: UInt64 = 86_400_000
  /// Less time than this is a problem: an hour, in milliseconds.
  private static let verySoon: UInt64 = 3_600_000
  /// The shortest observation that can raise a warning: ten minutes, in milliseconds.
  private static let minimumObservation: UInt64 = 600_000

  /// The growth of leaks by pid, for processes that policies watch.
  package var growth: [Int32: LeakSurvey.Growth] {
    guard case .known(let memory) = past, !memory.groups.isEmpty, let snapshot else { return [:] }
    let survey = LeakSurvey(of: snapshot, limit: LeakSurvey.defaultLimit, memory: memory) { _ in nil
    }
    return survey.processes.reduce(into: [:]) { $0[$1.identity.pid] = $1.growth }
  }

  /// The severity for a process by its open descriptors and their growth.
  package func severity(of use: DescriptorUse, _ growth: LeakSurvey.Growth?) -> Check.Severity {
    let severity = Self.severity(Int64(use.open), of: Int64(use.limit))
    guard let growth, growth.time >= Self.minimumObservation, let left = Self.timeLeft(use, growth)
    else { return severity }
    if left < Self.verySoon { return .problem }
    return left < Self.soon && severity == .well ? .warning : severity
  }

  /// Milliseconds until the limit, at most: growth since the last run is unknown.
  private static func timeLeft(_ use: DescriptorUse, _ growth: LeakSurvey.Growth) -> UInt64? {
    DescriptorRoom(open: use.open, limit: use.limit).timeLeft(growthPerHour: growth.perHour)
  }

  /// The forecast as a sentence; nil without growth or at the limit.
  static func forecast(_ use: DescriptorUse, _ growth: LeakSurvey.Growth) -> String? {
    guard let left = timeLeft(use, growth), left > 0 else { return nil }
    let time = DurationText.rounded(milliseconds: growth.time)
    return "At the rate of the last \(time) (at least \(Count.text(growth.perHour)) per hour) "
      + "they run out in at most \(DurationText.rounded(milliseconds: left))"
  }

  /// A note if the history could not be used, with the reason.
  package var history: [Check] {
    guard case .unknown(let problem) = past else { return [] }
    return [
      Check(
        id: "history", severity: .note, title: "history",
        detail: "growth of leaks unknown: \(problem)")
    ]
  }
}
