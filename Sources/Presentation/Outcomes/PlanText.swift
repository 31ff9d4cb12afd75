package import Connections
import ProcessTable
package import Reaping
package import Rendering
import Scanning

/// A plan and its outcomes as text.
package struct PlanText {
  package let text: ConnectionText

  package init(text: ConnectionText) {
    self.text = text
  }

  /// One line of a plan or of its outcomes.
  package struct Line {
    /// The first word: the state or the outcome.
    package let word: String
    package let connection: Connection
    /// Why it was spared, or what failed; replaces the process.
    package var reason: String?
    package var style: Style?
  }

  /// The lines of a plan; the spared connections come last.
  package static func lines(of plan: Plan) -> [Line] {
    lines(of: plan.closings) + lines(of: plan.steps.filter { $0.decision != .close })
  }

  /// The lines of `steps`.
  static func lines(of steps: [Plan.Step]) -> [Line] {
    steps.map { step in
      switch step.decision {
      case .close:
        Line(word: step.connection.state.label, connection: step.connection)
      case .spare(.ended):
        Line(word: "gone", connection: step.connection, style: .dim)
      case .spare(let reason):
        Line(
          word: "spared", connection: step.connection, reason: reason.description, style: .dim)
      }
    }
  }

  /// The lines of its outcomes.
  package static func lines(of outcomes: [Outcome]) -> [Line] {
    outcomes.map { outcome in
      switch outcome.result {
      case .failed(.notDone(let reason)):
        Line(
          word: "not done", connection: outcome.step.connection, reason: reason.description,
          style: .yellow)
      case .spared(.armed):
        Line(
          word: "armed", connection: outcome.step.connection, reason: outcome.reason,
          style: .green)
      default:
        Line(
          word: outcome.result.word, connection: outcome.step.connection,
          reason: outcome.reason, style: outcome.result.style)
      }
    }
  }

  /// Prints `lines`, indented, and below them the reasons that were truncated.
  package func print(
    _ lines: [Line], layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    var layout = layout
    layout.showsHeader = false
    layout.indent = 2
    let table = table(of: lines)
    let widths = table.measuredWidths(for: layout)
    try table.print(layout, widths: widths, to: &output)
    guard let width = layout.width else { return }
    let room = table.fitting(widths, layout).widths[3]
    var reasons: [String: String] = [:]
    for line in lines where reasons.count < Self.maximumReasons {
      guard let reason = line.reason.map(EscapedText.escaped),
        EscapedText.width(of: reason.utf8) > room
      else { continue }
      reasons[reason] = line.word
    }
    for (reason, word) in reasons.sorted(by: { $0.key < $1.key }) {
      try output.writeParagraphs("\(word): \(reason)", width: width, indent: layout.indent)
    }
  }

  /// The maximum number of truncated reasons printed in full below.
  private static let maximumReasons = 5

  /// `lines` as a table.
  package func table(of lines: [Line]) -> Table {
    Table(
      columns: [
        Table.Column(title: ""), Table.Column(title: "", minimumWidth: 30, cut: .bothEnds, rank: 0),
        Table.Column(title: ""), Table.Column(title: "", minimumWidth: 16, cut: .owner),
      ],
      rowCount: lines.count,
      cell: { row, column, cell in append(lines[row], column: column, to: &cell) },
      style: { row, column in column == 0 ? lines[row].style : nil })
  }

  private func append(_ line: Line, column: Int, to cell: inout [UInt8]) {
    let connection = line.connection
    switch column {
    case 0: cell.append(contentsOf: line.word.utf8)
    case 1:
      text.appendEnd(.local, of: connection, to: &cell)
      cell.append(contentsOf: " → ".utf8)
      text.appendEnd(.peer, of: connection, to: &cell)
      let namespace = text.snapshot.namespace(of: connection)
      if !namespace.isOwn { cell.append(contentsOf: " in \(namespace.label)".utf8) }
    case 2: cell.append(contentsOf: Self.age(of: connection).utf8)
    default:
      if let reason = line.reason {
        EscapedText.append(reason, to: &cell)
      } else {
        text.append(.process, of: connection, to: &cell)
      }
    }
  }

  /// `idle 3h12m`, or the minimum time in the state: `≥ 2d03h`.
  private static func age(of connection: Connection) -> String {
    if let inState = connection.inStateAtLeast {
      return "≥ " + DurationText.rounded(milliseconds: UInt64(inState))
    }
    return connection.idle.map { "idle " + DurationText.rounded(milliseconds: UInt64($0)) } ?? ""
  }

  /// The last lines: the counts, and what the programs now see.
  package func summary(of outcomes: [Outcome]) -> String {
    let lines = [OutcomeCounts(outcomes).line + "."] + ProgramView.sentences(after: outcomes)
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Outcome.Result {
  fileprivate var style: Style? {
    switch self {
    case .closed: .green
    case .gone, .spared: .dim
    case .failed, .unverified: .red
    }
  }
}
