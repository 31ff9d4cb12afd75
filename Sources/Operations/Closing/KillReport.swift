package import Presentation
package import Reaping
package import Rendering
import Scanning

/// What `kill` prints: the plan, the question and the outcomes.
package struct KillReport {
  private let plan: Plan
  private let output: OutputStyle
  /// Whether to list every connection of a large plan.
  private let listsAll: Bool
  /// The texts of the plan's connections.
  package let text: ConnectionText
  /// The machine and user that make the plan; nil for a recording.
  private let origin: PlanOrigin?

  package init(plan: Plan, output: OutputStyle, isLive: Bool, listsAll: Bool = false) {
    self.plan = plan
    self.output = output
    self.listsAll = listsAll
    text = ConnectionText(
      snapshot: plan.snapshot, names: SystemNumbers(resolvesNames: isLive))
    origin = isLive ? PlanOrigin.current(text.names) : nil
  }

  /// Prints the plan alone, for a dry run or because there is nothing to close.
  package func printPlan(isDryRun: Bool) throws {
    guard isJSON || !plan.steps.isEmpty else {
      return Standard.report("nothing matches; nothing to close\n")
    }
    let isEmpty = plan.closings.isEmpty
    try printPlan(
      under: isEmpty ? plan.nothingToClose : plan.heading("would be \(plan.verb)"),
      json: document(isDryRun ? nil : plan.sparingResult))
    if isDryRun, !isEmpty, !isJSON {
      Standard.report("A dry run: nothing was \(plan.verb).\n")
    }
  }

  /// Prints the plan above the question.
  package func printQuestion() throws {
    try printPlan(under: plan.heading("will be \(plan.verb)"), json: { _ in })
    // The question is asked on the terminal. If the plan went elsewhere, repeat the number there.
    guard isJSON || !output.isTerminal else { return }
    let count = plan.closings.count
    Question.show("\(Count.text(count)) connection\(Count.plural(count)) will be \(plan.verb).\n")
  }

  /// Prints the outcome of each connection and a summary. ``conclude`` prints the JSON.
  ///
  /// - Parameter planWasShown: whether the plan was printed before, so that only outcomes that
  ///   differ from it get a line.
  package func printOutcomes(_ result: ClosingResult, planWasShown: Bool) throws {
    let outcomes = result.outcomes
    let shown =
      planWasShown
      ? outcomes.filter { $0.result != .closed && $0.step.decision == .close } : outcomes
    let text = PlanText(
      text: ConnectionText(snapshot: result.snapshot, names: self.text.names))
    try output.print(
      TextOrJSON { layout, stream in
        try text.print(outcomes: shown, listsAll: listsAll, layout: layout, to: &stream)
        try stream.writeParagraphs(text.summary(of: outcomes), width: layout.width)
      })
  }

  /// Prints what the owners of closed connections did afterwards, below the outcomes.
  package func conclude(_ result: ClosingResult, _ reactions: [OwnerReaction]) throws {
    try output.print(
      TextOrJSON(
        text: { layout, stream in
          for line in OwnerReactionText.lines(of: reactions) {
            try stream.writeParagraphs(line, width: layout.width)
          }
        }, json: document(result, reactions)))
  }

  private var isJSON: Bool { output.format == .json }

  private func printPlan(under heading: String, json: @escaping (inout JSONWriter) -> Void) throws {
    try output.print(
      TextOrJSON(
        text: { layout, stream in
          try stream.writeParagraphs(heading, width: layout.width)
          try PlanText(text: text).print(plan, listsAll: listsAll, layout: layout, to: &stream)
        }, json: json))
  }

  private func document(
    _ result: ClosingResult?, _ reactions: [OwnerReaction]? = nil
  ) -> (inout JSONWriter) -> Void {
    let text = ConnectionText(
      snapshot: result?.snapshot ?? plan.snapshot, names: self.text.names)
    return {
      PlanJSON(text: text, origin: origin).write(
        plan, outcomes: result?.outcomes, reactions: reactions, to: &$0)
    }
  }
}
