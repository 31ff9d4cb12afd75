package import Operations
import Presentation
import Rendering
import Selection

/// Collects log records by run until the run has ended.
package struct RunSummaries {
  private var pending: [Key: RunSummary] = [:]
  /// In the order of their first entries.
  private var order: [Key] = []
  private let selection: LogSelection

  /// The number of runs that ended without anything to show.
  package private(set) var quietRuns = 0
  /// The number of runs that were shown.
  package private(set) var shownRuns = 0
  /// The number of policies that were refused.
  package private(set) var refused = 0

  /// A run: its ID, or what identifies it in old entries.
  private enum Key: Hashable {
    case id(String)
    case process(AuditEntry.Run)

    init(_ run: AuditEntry.Run) { self = run.id.map(Key.id) ?? .process(run) }
  }

  /// The lines of a run that has ended.
  package struct Ended {
    package let time: LogTime
    package let lines: [RunSummary.Line]
  }

  package init(_ selection: LogSelection) { self.selection = selection }

  package mutating func add(_ decision: LogRecord.Decision) {
    let key = Key(decision.entry.decision.run)
    if pending[key] == nil { order.append(key) }
    pending[key, default: RunSummary(at: decision.entry.time)].add(decision)
  }

  /// Ends `run`, and returns its lines; nil if there are none.
  ///
  /// - Parameter isSelected: whether to show what the run's own entry says.
  package mutating func end(_ run: RunEntry, isSelected: Bool) -> Ended? {
    var lines: [RunSummary.Line] = []
    if let id = run.id, let summary = pending.removeValue(forKey: .id(id)) {
      order.removeAll { $0 == .id(id) }
      lines = summary.lines
    }
    if isSelected {
      let own = run.summaryLines { name in
        selection.policies.isEmpty || selection.policies.contains { $0.matches(name) }
      }
      refused += own.count { $0.result == "refused" }
      lines += own
    }
    guard !lines.isEmpty else {
      if isSelected { quietRuns += 1 }
      return nil
    }
    shownRuns += 1
    return Ended(time: run.time, lines: lines)
  }

  /// Ends the runs of `decisions`, which died.
  package mutating func end(dead decisions: [LogRecord.Decision]) -> [Ended] {
    for decision in decisions { add(decision) }
    let keys = Set(decisions.map { Key($0.entry.decision.run) })
    return end { keys.contains($0) }
  }

  /// Ends all runs, at the end of the log.
  package mutating func endAll() -> [Ended] { end { _ in true } }

  private mutating func end(_ isEnded: (Key) -> Bool) -> [Ended] {
    var ended: [Ended] = []
    for key in order where isEnded(key) {
      guard let summary = pending.removeValue(forKey: key) else { continue }
      shownRuns += 1
      ended.append(Ended(time: summary.time, lines: summary.lines))
    }
    order.removeAll { pending[$0] == nil }
    return ended
  }
}

extension RunEntry {
  /// What the entry adds to those of its connections: refusals, reports, failures.
  ///
  /// - Parameter isSelected: whether a policy with this name is selected.
  fileprivate func summaryLines(_ isSelected: (String) -> Bool) -> [RunSummary.Line] {
    func line(
      _ origin: String, _ result: String, _ text: String, _ style: Style = .red
    ) -> RunSummary.Line {
      let text = EscapedText.escaped(text)
      return RunSummary.Line(origin: origin, result: result, text: { _, _ in text }, style: style)
    }
    var lines: [RunSummary.Line] = []
    let selected = policies.filter(isSelected)
    let own =
      selected.count == 1
      ? "policy \(selected[0])" : AuditEntry.shortOrigin(of: command, value)
    for element in value["refused"]?.elements ?? [] {
      let name = element["policy"]?.text ?? "?"
      guard isSelected(name) else { continue }
      let reason = element["reason"]?.text.map { "\($0); " } ?? ""
      lines.append(line("policy \(name)", "refused", "\(reason)nothing closed (exit \(exit))"))
    }
    for element in value["given_up"]?.elements ?? [] {
      let name = element["policy"]?.text ?? "?"
      guard isSelected(name) else { continue }
      let groups = element["groups"]?.number(Int.self) ?? 1
      lines.append(
        line(
          "policy \(name)", "given up",
          "\(Count.text(groups)) group\(Count.plural(groups)); the program keeps leaking"))
    }
    if let reported = value["reported"]?.number(Int.self), reported > 0 {
      lines.append(
        line(own, "reported \(Count.text(reported))", "nothing closed by a report", .yellow))
    }
    for process in spinning { lines.append(line(own, "warning", "may be spinning: \(process)")) }
    if let failed = value["failed_notifications"]?.number(Int.self), failed > 0 {
      lines.append(line(own, "failed", "\(Count.text(failed)) notification\(Count.plural(failed))"))
    }
    if let error = value["error"]?.text {
      lines.append(line(own, "failed", "\(error) (exit \(exit))"))
    } else if exit != 0, lines.isEmpty, value["refused"] == nil {
      lines.append(line(own, "ended", "exit code \(exit)"))
    }
    return lines
  }
}
