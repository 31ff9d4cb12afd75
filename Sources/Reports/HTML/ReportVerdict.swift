import Connections
import Operations
import Rendering

/// The summary of a report: a headline for the worst finding, then the others.
package struct ReportVerdict {
  package let severity: Severity
  /// Escaped text.
  package let headline: String
  /// Further findings, one sentence each; escaped text.
  package var others: [String]

  package enum Severity: String {
    case good
    case warning = "warn"
    case bad

    package var word: String {
      switch self {
      case .good: "OK"
      case .warning: "Warning"
      case .bad: "Problem"
      }
    }
  }

  package init(_ contents: ReportContents) {
    let leak = Self.leak(contents.leaks)
    let queues = Self.fullQueues(contents.queues.value ?? [])
    let checks = contents.findings.value ?? []
    let problems = checks.count { $0.severity == .problem }
    let warnings = checks.count { $0.severity == .warning }
    let doctor = Self.doctor(problems: problems, warnings: warnings)
    let sentences = [leak, queues, doctor].compactMap { $0 }
    others = []
    let knowsQueues = contents.queues.value != nil
    let knowsAll = contents.gaps.isEmpty && contents.leaks.undecided == 0
    if leak != nil || queues != nil || problems > 0 {
      severity = .bad
    } else {
      severity = warnings > 0 || !knowsAll || !knowsQueues ? .warning : .good
    }
    if let first = sentences.first, leak != nil || queues != nil {
      headline = first
      others = Array(sentences.dropFirst())
    } else {
      let known = knowsAll ? "" : ", as far as could be read"
      headline = "No leaks\(knowsQueues ? " and no full accept queues" : "")\(known)."
      others = sentences
      if !knowsQueues {
        others.insert("Accept queues unknown: they could not be listed.", at: 0)
      }
    }
    if contents.leaks.longIdle > 0 {
      let count = contents.leaks.longIdle
      others.append(
        "\(Count.text(count)) connection\(Count.plural(count)) "
          + "\(count == 1 ? "has" : "have") been idle for at least 1h.")
    }
  }

  private static func leak(_ survey: LeakSurvey) -> String? {
    let leaking = survey.leaking
    guard let worst = leaking.first else {
      let count = survey.leakedByUnknown
      guard count > 0 else { return nil }
      return "\(Count.text(count)) leaked connection\(Count.plural(count)); "
        + (count == 1 ? "its process is unknown." : "their processes are unknown.")
    }
    let name = EscapedText.escaped(worst.label)
    let what =
      "\(Count.text(worst.leaked)) leaked connection\(Count.plural(worst.leaked))"
    guard leaking.count > 1 else { return "1 process leaks: \(name) has \(what)." }
    return "\(Count.text(leaking.count)) processes leak; \(name) leaks the most, with \(what)."
  }

  private static func fullQueues(_ queues: [ReportContents.Queue]) -> String? {
    let full = queues.filter(\.isFull)
    guard let worst = full.first else { return nil }
    return full.count == 1
      ? "1 accept queue is full: \(worst.local) is dropping connections."
      : "\(Count.text(full.count)) accept queues are full and dropping connections; the fullest is "
        + "\(worst.local)."
  }

  private static func doctor(problems: Int, warnings: Int) -> String? {
    var parts: [String] = []
    if problems > 0 { parts.append("\(Count.text(problems)) problem\(Count.plural(problems))") }
    if warnings > 0 { parts.append("\(Count.text(warnings)) warning\(Count.plural(warnings))") }
    return parts.isEmpty
      ? nil : "Machine health: " + parts.joined(separator: " and ") + ", listed below."
  }
}
