import Connections
import Rendering

extension PlanFile {
  /// How old a plan may be without `--plan-age`: an hour, in milliseconds.
  package static let defaultAgeLimit: UInt64 = 3_600_000

  /// Throws if the plan is of another machine or older than `limit`, in milliseconds.
  package func check(
    named name: String, limit: UInt64, now: LogTime = .now,
    sinceBoot uptime: UInt64 = PlanOrigin.sinceBoot, host: String? = Uname.hostName
  ) throws(CommandFailure) {
    let remake = "regenerate it with 'connreap kill --dry-run -o json'"
    guard host == origin.host else {
      throw CommandFailure(
        .badData,
        "\(name) was made on the host \(EscapedText.escaped(origin.host)), but this host is "
          + (host.map(EscapedText.escaped) ?? "unnamed"), remedy: remake)
    }
    let age: UInt64
    do throws(PlanFileProblem) {
      age = try origin.age(at: now, sinceBoot: uptime)
    } catch {
      throw CommandFailure(.badData, "\(name): \(error)", remedy: remake)
    }
    guard age <= limit else {
      throw CommandFailure(
        .badData,
        "\(name) was made \(DurationText.rounded(milliseconds: age)) ago, more than --plan-age "
          + DurationText.exact(milliseconds: limit),
        remedy: remake + ", or allow its age with --plan-age")
    }
  }
}
