import Connections
import Operations
import Rendering

extension ReportPage {
  /// Writes the decisions of policies and of `kill`.
  func writeDecisions(to page: inout HTMLText) {
    section("decisions", "Decisions", to: &page) { page in
      switch contents.decisions {
      case .unknown(let reason): page.element("p", visible: "Unknown: \(reason).")
      case .read(let summary) where summary.count == 0:
        page.element("p", visible: "The audit log has no decisions about the selection.")
        writeGaps(of: summary, to: &page)
      case .read(let summary):
        write(summary, to: &page)
        writeGaps(of: summary, to: &page)
      }
    }
  }

  private func write(_ summary: AuditSummary, to page: inout HTMLText) {
    let results = summary.results
    if let times = summary.times {
      note(
        "\(Count.text(summary.count)) decision\(Count.plural(summary.count)) in the audit log, from "
          + "\(Self.text(of: times.lowerBound)) to \(Self.text(of: times.upperBound)).", to: &page)
    }
    figure("Decisions by result", to: &page) { page in
      ReportChart(
        id: "chart-decisions", title: "Decisions by result",
        bars: results.filter { summary.count(of: $0) > 0 }.map { result in
          ReportChart.Bar(
            label: EscapedText.escaped(result), value: summary.count(of: result),
            text: Count.text(summary.count(of: result)), look: Self.barLook(result))
        }
      ).writeRows(to: &page)
    }
    ReportTable(
      "Decisions by policy",
      [ReportTable.Column(title: "Policy", kind: .name)]
        + results.map { ReportTable.Column(title: EscapedText.escaped($0), kind: .number) },
      summary.totals
    ) { total in
      [total.policy.map { .raw($0) } ?? ReportTable.Cell("kill")]
        + results.map { result in
          let count = total.counts[result] ?? 0
          return ReportTable.Cell(Count.text(count), count > 0 ? Self.look(result) : .soft)
        }
    }.write(to: &page)
    ReportTable(
      summary.isCut ? "Latest decisions" : "All decisions, newest first",
      [
        ReportTable.Column(title: "Time", kind: .time), ReportTable.Column(title: "Result"),
        ReportTable.Column(title: "Connections", kind: .name),
        ReportTable.Column(title: "Process", kind: .name),
        ReportTable.Column(title: "Requested by", kind: .name),
        ReportTable.Column(title: "Reason", kind: .name),
      ], summary.latest
    ) { decision in
      [
        ReportTable.Cell(Self.text(of: decision.time)),
        .raw(decision.result, Self.look(decision.result)), Self.connections(of: decision),
        decision.owners.map { .raw($0) } ?? .unknown, .raw(decision.origin),
        decision.reason.map { .raw($0) } ?? ReportTable.Cell("–", .soft),
      ]
    }.write(to: &page)
  }

  /// `10.0.0.5:50122 → 10.0.0.20:5432`, or `15 to 10.0.0.20:5432`.
  private static func connections(of decision: AuditSummary.Decision) -> ReportTable.Cell {
    let ends =
      decision.count == 1
      ? "\(decision.local) → \(decision.peer)"
      : "\(Count.text(decision.count)) to \(decision.peer)"
    return ReportTable.Cell(ends, detail: decision.state)
  }

  private func writeGaps(of summary: AuditSummary, to page: inout HTMLText) {
    if summary.damaged > 0 {
      note(
        "\(Count.text(summary.damaged)) unreadable log line\(Count.plural(summary.damaged)) "
          + "left out.", to: &page)
    }
    if summary.undecided > 0 {
      note(
        "\(Count.text(summary.undecided)) decision\(Count.plural(summary.undecided)) could not be "
          + "matched against the selection; left out.", to: &page)
    }
  }

  private static func look(_ result: String) -> ReportTable.Cell.Look? {
    switch result {
    case "closed": .good
    case "gone", "spared": nil
    default: .bad
    }
  }

  private static func barLook(_ result: String) -> ReportChart.Look {
    switch result {
    case "closed": .good
    case "gone", "spared": .normal
    default: .bad
    }
  }
}
