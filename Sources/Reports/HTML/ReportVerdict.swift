import Connections
import Operations
import Rendering

/// What a report comes to, in a line: the worst first.
package struct ReportVerdict {
  package let severity: Severity
  /// Visible text.
  package let headline: String
  /// What else is to be known, each in a sentence; visible text.
  package var others: [String]

  package enum Severity: String {
    case good
    case warning = "warn"
    case bad

    package var word: String {
      switch self {
      case .good: "Well"
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
      let known = knowsAll ? "" : ", as far as could be seen"
      headline =
        "No connection leaks\(knowsQueues ? " and no accept queue is full" : "")\(known)."
      others = sentences
      if !knowsQueues {
        others.insert("Accept queues are unknown: they could not be listed.", at: 0)
      }
    }
    if contents.leaks.longIdle > 0 {
      let count = contents.leaks.longIdle
      others.append(
        "\(Count.text(count)) connection\(Count.plural(count)) "
          + "\(count == 1 ? "has" : "have") moved nothing for an hour or longer.")
    }
  }

  private static func leak(_ survey: LeakSurvey) -> String? {
    let leaking = survey.leaking
    guard let worst = leaking.first else {
      let count = survey.leakedByUnknown
      guard count > 0 else { return nil }
      return "\(Count.text(count)) connection\(Count.plural(count)) "
        + "leak\(count == 1 ? "s" : ""); which process holds \(count == 1 ? "it" : "them") is unknown."
    }
    let name = EscapedText.escaped(worst.label)
    let what =
      "\(Count.text(worst.leaked)) connection\(Count.plural(worst.leaked)) in CLOSE-WAIT "
      + "that it does not close"
    guard leaking.count > 1 else { return "1 process leaks: \(name) has \(what)." }
    return "\(Count.text(leaking.count)) processes leak; the worst is \(name) with \(what)."
  }

  private static func fullQueues(_ queues: [ReportContents.Queue]) -> String? {
    let full = queues.filter(\.isFull)
    guard let worst = full.first else { return nil }
    return full.count == 1
      ? "1 accept queue is full: \(worst.local) loses connections."
      : "\(Count.text(full.count)) accept queues are full, that of \(worst.local) most of all: they "
        + "lose connections."
  }

  private static func doctor(problems: Int, warnings: Int) -> String? {
    var parts: [String] = []
    if problems > 0 { parts.append("\(Count.text(problems)) problem\(Count.plural(problems))") }
    if warnings > 0 { parts.append("\(Count.text(warnings)) warning\(Count.plural(warnings))") }
    return parts.isEmpty
      ? nil : "The machine's health: " + parts.joined(separator: " and ") + ", listed below."
  }
}
