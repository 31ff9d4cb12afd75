import Connections
import PolicyEngine
package import Presentation
package import Reaping
package import Rendering
import Scanning
import Selection

/// The output of `policy plan` and `policy apply`.
package struct PolicyReport {
  private let evaluated: PolicyEvaluation
  private let output: OutputStyle
  /// The texts of the evaluated connections.
  package let text: ConnectionText

  package init(_ evaluated: PolicyEvaluation, output: OutputStyle, isLive: Bool) {
    self.evaluated = evaluated
    self.output = output
    text = ConnectionText(
      snapshot: evaluated.snapshot, names: SystemNumbers(resolvesNames: isLive))
  }

  /// Prints the plan.
  ///
  /// - Parameter command: the command that would apply it; nil for a recording.
  package func printPlan(appliedBy command: [String]?) throws {
    let counts = PolicyCounts(evaluated)
    let apply = counts.isEmpty ? nil : command.map { CommandLineWords.shell($0) }
    let lacksHistory =
      evaluated.history == nil && evaluated.policies.policies.contains(where: \.needsHistory)
    try output.print(
      TextOrJSON(
        text: { layout, stream in
          try printFindings(of: evaluated.findings, .future, layout, to: &stream)
          try stream.writeParagraphs(
            "Plan: \(counts.line). Nothing was changed.", width: layout.width)
          if lacksHistory {
            try stream.writeParagraphs(
              "Earlier runs are unknown here; connections that depend on them are skipped.",
              width: layout.width)
          }
          // A command stays on one line, to be copied.
          if let apply { try stream.write("apply it:  \(EscapedText.escaped(apply))\n") }
        }, json: document(nil)))
  }

  /// Prints the findings and outcomes; nothing if `isQuiet` and there is nothing to report.
  ///
  /// - Parameter isFollowedByReactions: whether ``conclude`` follows, which then prints the JSON.
  package func printOutcomes(
    _ result: ClosingResult, isQuiet: Bool, isFollowedByReactions: Bool = false
  ) throws {
    let telling = evaluated.findings.filter(\.isNotable)
    if isQuiet, telling.isEmpty { return }
    let outcomes = result.outcomes
    let text = PlanText(
      text: ConnectionText(snapshot: result.snapshot, names: self.text.names))
    let amiss = outcomes.filter { outcome in
      switch outcome.result {
      case .failed, .unverified, .spared: true
      case .closed, .gone: false
      }
    }
    try output.print(
      TextOrJSON(
        text: { layout, stream in
          try printFindings(
            of: isQuiet ? telling : evaluated.findings, .past, layout, to: &stream)
          try text.print(outcomes: amiss, listsAll: false, layout: layout, to: &stream)
          guard evaluated.plan.closings.isEmpty else {
            return try stream.writeParagraphs(text.summary(of: outcomes), width: layout.width)
          }
          try stream.write("Nothing to close: \(PolicyCounts(evaluated).others).\n")
        }, json: isFollowedByReactions ? { _ in } : document(result)))
  }

  /// Prints how the owners of closed connections reacted, below the outcomes.
  package func conclude(_ result: ClosingResult, _ reactions: [OwnerReaction]) throws {
    try output.print(
      TextOrJSON(
        text: { layout, stream in
          for line in OwnerReactionText.lines(of: reactions) {
            try stream.writeParagraphs(line, width: layout.width)
          }
        }, json: document(result, reactions)))
  }

  private func printFindings(
    of findings: [PolicyFindings], _ tense: FindingLines.Tense, _ layout: Table.Layout,
    to stream: inout OutputStream
  ) throws {
    for found in findings {
      let policy = found.policy
      try stream.writeParagraphs(
        "\(EscapedText.escaped(policy.file)):\(policy.line) \(policy.name) → "
          + "\(policy.action.rawValue)", width: layout.width)
      let rows = FindingLines(found, in: evaluated, tense: tense).lines.map { line in
        LabelledText(
          label: EscapedText.escaped(line.label), text: EscapedText.escaped(line.text),
          details: EscapedText.escaped(line.details), style: line.style)
      }
      try stream.write(rows, layout)
      for leak in evaluated.leaks(of: found) {
        try stream.writeParagraphs(
          leak.text, width: layout.width, indent: 2, in: layout.colors ? .red : nil)
      }
    }
  }

  private func document(
    _ result: ClosingResult?, _ reactions: [OwnerReaction]? = nil
  ) -> (inout JSONWriter) -> Void {
    let text = ConnectionText(
      snapshot: result?.snapshot ?? evaluated.snapshot, names: self.text.names)
    return { json in
      PlanJSON(text: text).write(
        evaluated.plan, outcomes: result?.outcomes, reactions: reactions, to: &json
      ) { json in
        json.member("history_known", evaluated.history != nil)
        json.array("policies") { json in
          for found in evaluated.findings { FindingLines(found, in: evaluated).write(to: &json) }
        }
      }
    }
  }
}

extension PolicyFindings {
  /// Whether there is something to close, report or refuse.
  var isNotable: Bool {
    refusal != nil || !rowsOverThreshold.isEmpty || !givenUp.isEmpty
  }
}

extension Policy {
  /// Whether the policy depends on earlier runs.
  fileprivate var needsHistory: Bool {
    seen > 1 || giveUpAfter != nil || match.needsHistory || except.contains(where: \.needsHistory)
  }
}
