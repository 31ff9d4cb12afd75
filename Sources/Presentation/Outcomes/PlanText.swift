package import Connections
import ProcessTable
package import Reaping
package import Rendering
import Scanning

/// A plan, and what came of it, as a person reads it.
package struct PlanText {
  package let text: ConnectionText

  package init(text: ConnectionText) {
    self.text = text
  }

  /// One line of a plan or of its outcomes.
  package struct Line {
    /// The word at its start: a state, or what came of it.
    package let word: String
    package let connection: Connection
    /// What stands where the process would: why it was spared, or what failed.
    package var reason: String?
    package var style: Style?
  }

  /// The lines of the plan itself.
  package static func lines(of plan: Plan) -> [Line] {
    plan.steps.map { step in
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

  /// The lines of what came of it.
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

  /// Prints `lines`, indented.
  package func print(
    _ lines: [Line], layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    var layout = layout
    layout.showsHeader = false
    layout.indent = 2
    let table = table(of: lines)
    try table.print(layout, to: &output)
    guard let width = layout.width else { return }
    let room = table.fitting(layout).widths[3]
    var reasons: [String: String] = [:]
    for line in lines where reasons.count < Self.mostReasons {
      guard let reason = line.reason.map(EscapedText.escaped),
        EscapedText.width(of: reason.utf8) > room
      else { continue }
      reasons[reason] = line.word
    }
    for (reason, word) in reasons.sorted(by: { $0.key < $1.key }) {
      try output.writeParagraphs("\(word): \(reason)", width: width, indent: layout.indent)
    }
  }

  /// How many of the reasons for which there is no room beside the connection are printed below.
  private static let mostReasons = 5

  /// `lines` as a table.
  package func table(of lines: [Line]) -> Table {
    Table(
      columns: [
        Table.Column(title: ""), Table.Column(title: "", shrinksTo: 30, cut: .bothEnds, rank: 0),
        Table.Column(title: ""), Table.Column(title: "", shrinksTo: 16, cut: .owner),
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

  /// `idle 3h12m`, or how long it has been in CLOSE-WAIT at the least: `≥ 2d03h`.
  private static func age(of connection: Connection) -> String {
    if let inState = connection.inStateAtLeast {
      return "≥ " + DurationText.rounded(milliseconds: UInt64(inState))
    }
    return connection.idle.map { "idle " + DurationText.rounded(milliseconds: UInt64($0)) } ?? ""
  }

  /// The last lines: how many of each kind, and what the programs see of it.
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
