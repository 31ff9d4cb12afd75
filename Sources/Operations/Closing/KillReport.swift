package import Presentation
package import Reaping
package import Rendering
import Scanning

/// What `kill` prints: the plan, the question, what came of it.
package struct KillReport {
  private let plan: Plan
  private let output: OutputStyle
  private let terminal: Terminal
  /// The texts of the connections that it is about.
  package let text: ConnectionText
  /// Who makes the plan; nil for a recording.
  private let origin: PlanOrigin?

  package init(plan: Plan, output: OutputStyle, isLive: Bool) {
    self.plan = plan
    self.output = output
    terminal = Terminal.of(Standard.output, columns: Environment.ofProcess["COLUMNS"])
    text = ConnectionText(
      snapshot: plan.snapshot, names: SystemNumbers(resolvesNames: isLive))
    origin = isLive ? PlanOrigin.current(text.names) : nil
  }

  /// Prints the plan alone: it is a dry run, or there is nothing to close.
  package func printPlan(isDryRun: Bool) throws {
    if isMachineReadable {
      return try printMachineReadable(isDryRun ? nil : plan.resultOfSparing)
    }
    guard !plan.steps.isEmpty else { return say("nothing matches; nothing to close") }
    guard !plan.closings.isEmpty else {
      try printLines(PlanText.lines(of: plan), under: plan.nothingToClose)
      return
    }
    try printLines(PlanText.lines(of: plan), under: plan.heading("would be \(plan.deed)"))
    if isDryRun { say("A dry run: nothing was \(plan.deed).") }
  }

  /// Prints the plan above the question.
  package func printQuestion() throws {
    if !isMachineReadable {
      try printLines(PlanText.lines(of: plan), under: plan.heading("will be \(plan.deed)"))
    }
    // The question is asked on the terminal: what it is about has to be there too.
    guard isMachineReadable || !terminal.isTerminal else { return }
    let count = plan.closings.count
    Question.tell("\(Count.text(count)) connection\(Count.plural(count)) will be \(plan.deed).\n")
  }

  /// Prints what came of each connection, and what it means. JSON is printed by ``conclude`` alone.
  ///
  /// - Parameter planWasShown: whether the plan stands above already, so that only what did not go
  ///   as planned is worth a line.
  package func printOutcomes(_ result: ClosingResult, planWasShown: Bool) throws {
    let outcomes = result.outcomes
    if isMachineReadable { return }
    let told =
      planWasShown
      ? outcomes.filter { $0.result != .closed && $0.step.decision == .close } : outcomes
    let text = ConnectionText(snapshot: result.snapshot, names: self.text.names)
    try printLines(PlanText.lines(of: told), of: text, under: nil)
    var stream = OutputStream(Standard.output)
    try stream.writeParagraphs(
      PlanText(text: text).summary(of: outcomes), width: terminal.width)
    try stream.flush()
  }

  /// Prints what the owners of closed connections did afterwards, below the outcomes.
  package func conclude(_ result: ClosingResult, _ reactions: [OwnerReaction]) throws {
    if isMachineReadable {
      return try printMachineReadable(result, reactions: reactions)
    }
    var stream = OutputStream(Standard.output)
    for line in OwnerReactionText.lines(of: reactions) {
      try stream.writeParagraphs(line, width: terminal.width)
    }
    try stream.flush()
  }

  private var isMachineReadable: Bool { output.format == .json }

  private func printMachineReadable(
    _ result: ClosingResult?, reactions: [OwnerReaction]? = nil
  ) throws {
    var json = JSONWriter()
    let text =
      result.map { ConnectionText(snapshot: $0.snapshot, names: self.text.names) } ?? self.text
    PlanJSON(text: text, origin: origin).write(
      plan, outcomes: result?.outcomes, reactions: reactions, to: &json)
    var stream = OutputStream(Standard.output)
    try stream.write { $0.append(contentsOf: json.take()) }
    try stream.flush()
  }

  private func printLines(
    _ lines: [PlanText.Line], of text: ConnectionText? = nil, under heading: String?
  ) throws {
    var stream = OutputStream(Standard.output)
    if let heading { try stream.writeParagraphs(heading, width: terminal.width) }
    try PlanText(text: text ?? self.text).print(
      lines,
      layout: Table.Layout(
        width: terminal.width,
        colors: output.color.isOn(for: terminal, environment: .ofProcess)),
      to: &stream)
    try stream.flush()
  }

  private func say(_ text: String) {
    Standard.say(text + "\n")
  }
}
