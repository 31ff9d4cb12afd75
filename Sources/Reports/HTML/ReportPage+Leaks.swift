import Connections
import Operations
import Presentation
import Rendering

extension ReportPage {
  /// The most bars in the chart.
  private static let maximumBars = 10

  /// Writes the leaking processes, their growth and their forecasts.
  func writeLeaks(to page: inout HTMLText) {
    let survey = contents.leaks
    let limit = DurationText.exact(milliseconds: survey.limit)
    section("leaks", "Leaks by process", to: &page) { page in
      note(
        "A connection counts as leaked if it has been in CLOSE-WAIT for at least \(limit) without "
          + "traffic: its peer has closed it, and the program has not. Only the program can free "
          + "its descriptor.", to: &page)
      let leaking = survey.leaking
      if leaking.isEmpty {
        page.element("p", visible: "No readable process has leaked a connection.")
      } else {
        let more = leaking.count > Self.maximumBars ? ", top \(Self.maximumBars)" : ""
        figure("Leaked connections by process\(more)", to: &page) { page in
          ReportChart(
            id: "chart-leaks", title: "Leaked connections by process",
            bars: leaking.prefix(Self.maximumBars).map { process in
              ReportChart.Bar(
                label: EscapedText.escaped(process.label), value: process.leaked,
                text: Count.text(process.leaked), look: .bad)
            }
          ).writeRows(to: &page)
        }
      }
      if !survey.processes.isEmpty { leakTable.write(to: &page) }
      if survey.leakedByUnknown > 0 {
        note(
          "\(Count.text(survey.leakedByUnknown)) more leaked; their processes are unknown.",
          to: &page)
      }
      if survey.undecided > 0 {
        note(
          "\(Count.text(survey.undecided)) in CLOSE-WAIT for an unknown time.", to: &page)
      }
      if case .unknown(let reason) = contents.history {
        note("Growth is unknown: \(reason).", to: &page)
      } else {
        note(
          "Growth is measured between runs of 'policy apply', so it needs at least two. New "
            + "connections since the last run are not included.", to: &page)
      }
    }
  }

  private var leakTable: ReportTable {
    let columns = [
      ReportTable.Column(title: "Process", kind: .name),
      ReportTable.Column(title: "Leaked", kind: .number),
      ReportTable.Column(title: "CLOSE-WAIT", kind: .number),
      ReportTable.Column(title: "Idle 1h+", kind: .number),
      ReportTable.Column(title: "Longest", kind: .number),
      ReportTable.Column(title: "Main peer", kind: .name),
      ReportTable.Column(title: "Growth", kind: .name),
      ReportTable.Column(title: "Descriptors", kind: .name),
    ]
    return ReportTable(
      "Processes with connections leaked, in CLOSE-WAIT or idle for 1h", columns,
      contents.leaks.processes
    ) { process in
      let figures = process.figures
      return [
        .raw(process.label),
        ReportTable.Cell(Count.text(process.leaked), process.leaked > 0 ? .bad : nil),
        ReportTable.Cell(Count.text(figures.closeWait)),
        figures.knownLongIdle.map { ReportTable.Cell(Count.text($0)) } ?? .unknown,
        Self.longest(of: process),
        Self.peer(of: process), Self.growth(of: process), Self.room(of: process),
      ]
    }
  }

  private static func longest(of process: LeakSurvey.Process) -> ReportTable.Cell {
    guard process.leaked > 0 else { return ReportTable.Cell("–", .soft) }
    return ReportTable.Cell(
      "≥ " + DurationText.rounded(milliseconds: process.longest),
      detail: process.firstSeen.flatMap { $0 > process.longest ? $0 : nil }.map {
        "first seen \(DurationText.rounded(milliseconds: $0)) ago"
      })
  }

  /// `10.0.0.20:5432`, or `10.0.0.20:5432 (300 of 312)`.
  private static func peer(of process: LeakSurvey.Process) -> ReportTable.Cell {
    guard let peer = process.peer else { return ReportTable.Cell("–", .soft) }
    let share =
      peer.count == process.leaked
      ? "" : " (\(Count.text(peer.count)) of \(Count.text(process.leaked)))"
    return .raw(peer.name + share)
  }

  private static func growth(of process: LeakSurvey.Process) -> ReportTable.Cell {
    guard let growth = process.growth else {
      return process.leaked > 0 ? .unknown : ReportTable.Cell("–", .soft)
    }
    let time = DurationText.rounded(milliseconds: growth.time)
    return ReportTable.Cell(
      "≥ \(Count.text(growth.perHour)) per hour",
      detail: "over \(time), by policy \(EscapedText.escaped(growth.policy)): "
        + "\(Count.text(growth.firstCount)) in the first of \(Count.text(growth.rounds)) runs, "
        + "\(Count.text(growth.closed)) closed since")
  }

  private static func room(of process: LeakSurvey.Process) -> ReportTable.Cell {
    guard process.leaked > 0 else { return ReportTable.Cell("–", .soft) }
    guard let room = process.room, let open = room.open else { return .unknown }
    guard let limit = room.limit else {
      return ReportTable.Cell("\(Count.text(open)), limit unknown")
    }
    let severity = Health.severity(Int64(open), of: Int64(limit))
    return ReportTable.Cell(
      Health.share(Int64(open), of: Int64(limit)),
      severity == .well ? nil : severity == .warning ? .warning : .bad,
      detail: process.timeLeft.map {
        "runs out in \(DurationText.rounded(milliseconds: $0)) at this growth"
      })
  }
}
