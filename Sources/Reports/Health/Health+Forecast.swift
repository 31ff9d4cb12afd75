import Connections
import Operations
import Presentation
package import ProcessTable
import Rendering
import Scanning

// How long descriptors last at the rate at which connections leak.
extension Health {
  /// A process that has so little time left needs somebody, in milliseconds: a day.
  private static let soon: UInt64 = 86_400_000
  /// And at once: an hour.
  private static let verySoon: UInt64 = 3_600_000
  /// What was watched for less tells too little to raise an alarm by itself: ten minutes.
  private static let longEnough: UInt64 = 600_000

  /// How fast connections came to processes that policies watch, by pid.
  package var growth: [Int32: LeakSurvey.Growth] {
    guard case .known(let memory) = past, !memory.groups.isEmpty, let snapshot else { return [:] }
    let survey = LeakSurvey(of: snapshot, limit: LeakSurvey.usualLimit, memory: memory) { _ in nil }
    return survey.processes.reduce(into: [:]) { $0[$1.identity.pid] = $1.growth }
  }

  /// How near to its limit a process is: by what it has open, and by what comes.
  package func severity(of use: DescriptorUse, _ growth: LeakSurvey.Growth?) -> Check.Severity {
    let severity = Self.severity(Int64(use.open), of: Int64(use.limit))
    guard let growth, growth.time >= Self.longEnough, let left = Self.timeLeft(use, growth)
    else { return severity }
    if left < Self.verySoon { return .problem }
    return left < Self.soon && severity == .well ? .warning : severity
  }

  /// In milliseconds, at the most: what came since the last run is not known.
  private static func timeLeft(_ use: DescriptorUse, _ growth: LeakSurvey.Growth) -> UInt64? {
    DescriptorRoom(open: use.open, limit: use.limit).timeLeft(growthPerHour: growth.perHour)
  }

  /// What is to be said of that; nil when nothing comes, or nothing is left.
  static func forecast(_ use: DescriptorUse, _ growth: LeakSurvey.Growth) -> String? {
    guard let left = timeLeft(use, growth), left > 0 else { return nil }
    let time = DurationText.rounded(milliseconds: growth.time)
    return "At the rate of the last \(time) (at least \(Count.text(growth.perHour)) more an hour) "
      + "it has at most \(DurationText.rounded(milliseconds: left)) left"
  }

  /// That there is a history, and why it is not used; nothing when all is well.
  package var history: [Check] {
    guard case .unknown(let problem) = past else { return [] }
    return [
      Check(
        id: "history", severity: .note, title: "history",
        detail: "unknown: how fast connections leak, and how long descriptors last; \(problem)")
    ]
  }
}
