import Connections
import Rendering

/// The value of `--plan-age`: how old a plan may be that is carried out.
package enum PlanAge {
  /// An hour, in milliseconds.
  static let defaultLimit: UInt64 = 3_600_000

  /// Milliseconds; the default without a value.
  package static func parse(_ text: String?) throws(CommandFailure) -> UInt64 {
    guard let text else { return defaultLimit }
    let limit: UInt64
    do { limit = try DurationText.parse(text) } catch {
      let lead = "  --plan-age "
      let caret = Caret(line: lead + text, at: error.range, from: lead.utf8.count)
      throw CommandFailure(.usage, "--plan-age: \(error)", remedy: caret.text)
    }
    guard limit > 0 else {
      throw CommandFailure(.usage, "--plan-age: every plan is older than 0s")
    }
    return limit
  }
}

extension PlanFile {
  /// Refuses a plan of another machine, and one that is older than `limit`, in milliseconds.
  package func check(
    named name: String, limit: UInt64, now: LogTime = .now,
    sinceBoot uptime: UInt64 = PlanOrigin.sinceBoot, host: String? = LiveSystem.hostName
  ) throws(CommandFailure) {
    let remake = "make it again with 'connreap kill --dry-run -o json'"
    guard host == origin.host else {
      throw CommandFailure(
        .badData,
        "\(name) was made on the host \(EscapedText.escaped(origin.host)), and this is "
          + (host.map(EscapedText.escaped) ?? "a host without a name"), remedy: remake)
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
