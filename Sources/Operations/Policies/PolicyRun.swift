import Connections
package import PolicyEngine
import Presentation
import Reaping
package import Rendering
import Scanning
package import StateFiles

/// One run of `policy apply`, under the lock.
package struct PolicyRun {
  private let policies: PolicySet
  private let output: OutputStyle
  private let isQuiet: Bool
  private let limits: ClosingLimits

  package init(_ policies: PolicySet, output: OutputStyle, isQuiet: Bool, limits: ClosingLimits) {
    self.policies = policies
    self.output = output
    self.isQuiet = isQuiet
    self.limits = limits
  }

  /// Applies the policies that exceed no limit, and sends the notifications.
  ///
  /// - Throws: also if everything was done but a policy is refused. Other failures come first.
  package func carryOut(
    in directory: borrowing StateDirectory, holding _: borrowing RunLock,
    recording trail: AuditTrail, watchedBy watchdog: RunWatchdog
  ) throws {
    trail.record.update { $0.policies = self.policies.policies.map(\.name) }
    let (system, policies) = try LiveSystem.prepared(.kernel(), for: policies)
    var history = try RunHistory(in: directory, of: system)
    let evaluated = try PolicyEvaluation(policies, on: system, memories: history.memories)
    trail.record.update { evaluated.note(in: &$0) }
    let gaps = JudgingGaps(of: evaluated, on: system)
    for notice in gaps.notices { Standard.report("connreap: \(notice)\n") }
    let notices = PolicyNotices(evaluated, on: system, in: trail.record.run)
    // Saved before anything is closed, so that a run that is cut off still counts.
    try history.save(evaluated.memories, ifLost: "nothing was closed")
    watchdog.beginActing()
    let result = Result {
      try close(evaluated, on: system, recording: trail, remembering: &history)
    }
    let notified = try notices.send(remembering: &history, unless: { limits.stopReason })
    trail.record.update { $0.failedNotifications = notified.failed + notified.notDone }
    try result.get()
    try check(notified)
    try PolicyRefusals(evaluated.findings).check()
    try gaps.check()
  }

  /// Throws if a notification failed or was not sent.
  private func check(_ notified: PolicyNotices.Result) throws(CommandFailure) {
    guard let reason = notified.stopped else {
      if notified.failed > 0 { throw CommandFailure.silent(.failed) }
      return
    }
    let count = notified.notDone
    let status: ExitStatus
    if case .signal(let number) = reason {
      status = .afterSignal(number)
    } else {
      status = .failed
    }
    throw CommandFailure(
      status, "\(reason); \(Count.text(count)) notification\(Count.plural(count)) not done")
  }

  /// Closes what the policies select, and prints the findings and outcomes.
  private func close(
    _ evaluated: PolicyEvaluation, on system: LiveSystem, recording trail: AuditTrail,
    remembering history: inout RunHistory
  ) throws {
    let report = PolicyReport(evaluated, output: output, isLive: true)
    guard !evaluated.plan.closings.isEmpty else {
      let result = evaluated.plan.sparingResult
      trail.record.update { $0.counts = OutcomeCounts(result.outcomes) }
      return try report.printOutcomes(result, isQuiet: isQuiet)
    }
    try ClosingPermission(for: system).require(evaluated.plan.closings)
    var limits = limits
    limits.rate = evaluated.rate(of:)
    var run = ClosingRun(
      evaluated.plan, by: { try evaluated.rules(on: system) }, naming: report.text.names,
      on: system, limits: limits)
    try run.carryOut(
      recording: trail,
      remembering: { outcomes in
        try history.save(
          evaluated.memories(history.memories, after: outcomes),
          ifLost: "what was closed is in the audit log")
      },
      printing: { try report.printOutcomes($0, isQuiet: isQuiet, isFollowedByReactions: true) },
      concluding: report.conclude)
  }
}

extension PolicyEvaluation {
  /// Records the findings for the run's entry in the audit log.
  fileprivate func note(in facts: inout RunRecord.Facts) {
    var found: Set<Int> = []
    var reported: Set<Int> = []
    for finding in findings {
      for group in finding.groups where group.decision != .belowThreshold {
        found.formUnion(group.rows)
      }
      if finding.policy.action == .report { reported.formUnion(finding.rowsOverThreshold) }
      let givenUp = finding.givenUp.count
      if givenUp > 0 { facts.givenUp.append((finding.policy.name, givenUp)) }
    }
    facts.found = found.count
    facts.reported = reported.count
    facts.refused = PolicyRefusals(findings).reasons
  }
}
