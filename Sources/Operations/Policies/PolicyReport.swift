import Connections
import PolicyEngine
package import Presentation
package import Reaping
package import Rendering
import Scanning
import Selection

/// What `policy plan` and `policy apply` print.
package struct PolicyReport {
  private let evaluated: PolicyEvaluation
  private let output: OutputStyle
  private let terminal: Terminal
  /// The texts of the connections that it is about.
  package let text: ConnectionText

  package init(_ evaluated: PolicyEvaluation, output: OutputStyle, isLive: Bool) {
    self.evaluated = evaluated
    self.output = output
    terminal = Terminal.of(Standard.output, columns: Environment.ofProcess["COLUMNS"])
    text = ConnectionText(
      snapshot: evaluated.snapshot, names: SystemNumbers(resolvesNames: isLive))
  }

  /// Prints the plan; `arguments` are the files, for the command that would carry it out.
  package func printPlan(arguments: [String]) throws {
    guard output.format != .json else { return try printJSON(nil) }
    var stream = OutputStream(Standard.output)
    try printFindings(of: evaluated.findings, to: &stream)
    let counts = PolicyCounts(evaluated)
    let command = (["connreap", "policy", "apply"] + arguments.map(EscapedText.escaped))
      .joined(separator: " ")
    let next = counts.isEmpty ? "" : "; '\(command)' does it"
    try stream.writeParagraphs(
      "Plan: \(counts.line). Nothing has been changed\(next).", width: terminal.width)
    if evaluated.history == nil, evaluated.policies.policies.contains(where: \.needsHistory) {
      try stream.writeParagraphs(
        "What earlier runs saw is unknown here: what depends on it is left alone.",
        width: terminal.width)
    }
    try stream.flush()
  }

  /// Prints what was found and what came of it; nothing when `isQuiet` and nothing was done.
  ///
  /// - Parameter isFollowedByReactions: whether ``conclude`` comes next, which then prints JSON.
  package func printOutcomes(
    _ result: ClosingResult, isQuiet: Bool, isFollowedByReactions: Bool = false
  ) throws {
    let telling = evaluated.findings.filter(\.hasSomethingToSay)
    if isQuiet, telling.isEmpty { return }
    guard output.format != .json else {
      return isFollowedByReactions ? () : try printJSON(result)
    }
    var stream = OutputStream(Standard.output)
    try printFindings(of: isQuiet ? telling : evaluated.findings, to: &stream)
    let outcomes = result.outcomes
    let text = ConnectionText(snapshot: result.snapshot, names: self.text.names)
    let amiss = outcomes.filter { outcome in
      switch outcome.result {
      case .failed, .unverified, .spared: true
      case .closed, .gone: false
      }
    }
    try PlanText(text: text).print(PlanText.lines(of: amiss), layout: layout, to: &stream)
    if evaluated.plan.closings.isEmpty {
      try stream.write("Nothing to close: \(PolicyCounts(evaluated).others).\n")
    } else {
      try stream.writeParagraphs(
        PlanText(text: text).summary(of: outcomes), width: terminal.width)
    }
    try stream.flush()
  }

  /// Prints what the owners of closed connections did afterwards, below the outcomes.
  package func conclude(_ result: ClosingResult, _ reactions: [OwnerReaction]) throws {
    guard output.format != .json else {
      return try printJSON(result, reactions: reactions)
    }
    var stream = OutputStream(Standard.output)
    for line in OwnerReactionText.lines(of: reactions) {
      try stream.writeParagraphs(line, width: terminal.width)
    }
    try stream.flush()
  }

  private var layout: Table.Layout {
    Table.Layout(
      showsHeader: false, width: terminal.width,
      colors: output.color.isOn(for: terminal, environment: .ofProcess), indent: 2)
  }

  private func printFindings(
    of findings: [PolicyFindings], to stream: inout OutputStream
  ) throws {
    for found in findings {
      let policy = found.policy
      try stream.write(
        "\(EscapedText.escaped(policy.file)):\(policy.line) \(policy.name) → "
          + "\(policy.action.rawValue)\n")
      let lines = FindingLines(found, in: evaluated).lines
      let table = Table(
        columns: [
          Table.Column(title: ""), Table.Column(title: ""), Table.Column(title: "", shrinksTo: 20),
        ],
        rowCount: lines.count,
        cell: { row, column, cell in EscapedText.append(lines[row].cells[column], to: &cell) },
        style: { row, _ in lines[row].style })
      try table.print(layout, to: &stream)
      for leak in evaluated.leaks(of: found) {
        try stream.write(Style.red.text("  " + leak.text, isOn: layout.colors) + "\n")
      }
    }
  }

  private func printJSON(
    _ result: ClosingResult?, reactions: [OwnerReaction]? = nil
  ) throws {
    var json = JSONWriter()
    let text =
      result.map { ConnectionText(snapshot: $0.snapshot, names: self.text.names) } ?? self.text
    PlanJSON(text: text).write(
      evaluated.plan, outcomes: result?.outcomes, reactions: reactions, to: &json
    ) { json in
      json.member("history_known", evaluated.history != nil)
      json.array("policies") { json in
        for found in evaluated.findings { FindingLines(found, in: evaluated).write(to: &json) }
      }
    }
    var stream = OutputStream(Standard.output)
    try stream.write { $0.append(contentsOf: json.take()) }
    try stream.flush()
  }
}

extension PolicyFindings {
  /// Whether something was found that is acted on, reported or refused.
  var hasSomethingToSay: Bool {
    refusal != nil || !rowsOverThreshold.isEmpty || !givenUp.isEmpty
  }
}

extension Policy {
  /// Whether what it does depends on earlier runs.
  fileprivate var needsHistory: Bool {
    seen > 1 || giveUpAfter != nil || match.needsHistory || except.contains(where: \.needsHistory)
  }
}
