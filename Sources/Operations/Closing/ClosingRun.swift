import Connections
import PolicyEngine
package import Presentation
package import Reaping
import Rendering
import Scanning
import StateFiles
import SystemPackage

/// Carries out a plan. Whatever stops it, the outcomes so far are verified, recorded and printed,
/// and the exit code follows from them.
package struct ClosingRun {
  private let system: LiveSystem
  private let plan: Plan
  private let rules: () throws -> any ClosingRules
  private let names: SystemNumbers
  private let limits: ClosingLimits
  private var observation: OwnerObservation

  /// - Parameter rules: makes the rules that judge each connection right before it is closed.
  package init(
    _ plan: Plan, by rules: @escaping () throws -> any ClosingRules, naming names: SystemNumbers,
    on system: LiveSystem,
    limits: ClosingLimits
  ) {
    self.system = system
    self.plan = plan
    self.rules = rules
    self.names = names
    self.limits = limits
    observation = OwnerObservation(plan, on: system, limits: limits)
  }

  /// Closes the connections of the plan, each after it was recorded.
  ///
  /// - Parameters:
  ///   - remembering: saves the outcomes for later runs.
  ///   - printing: prints the outcomes, with the owners at the moment of closing. If it fails,
  ///     their counts go to standard error.
  ///   - concluding: prints what the owners of closed connections did within the next second.
  package mutating func carryOut(
    recording trail: AuditTrail, remembering: ([Outcome]) throws -> Void = { _ in },
    printing: (ClosingResult) throws -> Void,
    concluding: (ClosingResult, [OwnerReaction]) throws -> Void
  ) throws {
    Interruption.watch()
    observation.begin()
    let progress = ClosingProgress(total: plan.steps.count { $0.decision == .close })
    let rendered = RenderedConnections(plan.closings, naming: names)
    let supervisor = ClosingSupervisor(
      rules: rules, owners: system.ownerLookup, pace: limits.pace,
      announcing: { steps, snapshot, reading in
        progress.step(steps.count)
        return trail.announce(steps, rendered, rendered.text(of: snapshot, read: reading))
      })
    let result = try ProgressLine.during(
      isShown: system.showsProgress, { progress.text(after: $0) }
    ) {
      try ClosingPermission(for: system).carryOut(plan, supervisedBy: supervisor)
    }
    let outcomes = result.outcomes
    let text = ConnectionText(snapshot: result.snapshot, names: names)
    // The log comes first, because it is all that remains if the terminal is gone.
    let recorded = Result { try trail.report(outcomes, text) }
    let remembered = Result { try remembering(outcomes) }
    let counts = OutcomeCounts(outcomes)
    do {
      try printing(result)
      let reactions = observation.reactions(to: outcomes, in: result.snapshot)
      trail.note(reactions)
      try concluding(result, reactions)
    } catch let problem as OutputProblem {
      Standard.report("connreap: cannot write the output: \(problem.errno); \(counts.line)\n")
      try Self.checkStopped(outcomes)
      throw CommandFailure.silent(.failed)
    }
    try Self.checkStopped(outcomes)
    try recorded.get()
    try remembered.get()
    try ClosingFailure.check(outcomes)
  }

  /// Throws when the run stopped before the end of its plan.
  private static func checkStopped(_ outcomes: [Outcome]) throws(CommandFailure) {
    let reasons = outcomes.compactMap { outcome -> StopReason? in
      if case .failed(.notDone(let reason)) = outcome.result { reason } else { nil }
    }
    guard let reason = reasons.first else { return }
    let count = reasons.count
    let rest = "\(Count.text(count)) connection\(Count.plural(count)) not done"
    switch reason {
    case .signal(let number):
      throw CommandFailure(.afterSignal(number), "\(reason); \(rest)")
    case .timeoutReached:
      throw CommandFailure(
        .failed, "\(reason); \(rest)", remedy: "raise --timeout or the rate")
    case .outputClosed: throw CommandFailure(.failed, "\(reason); \(rest)")
    case .cannotRecord:
      throw CommandFailure(.failed, "\(reason); \(rest)", remedy: AuditTrail.remedy)
    }
  }
}

/// How fast and how long a run may close.
package struct ClosingLimits {
  /// When the run began.
  package let start: ContinuousClock.Instant
  /// After this time nothing more is closed; nil for no limit.
  package var timeout: Duration?
  /// The maximum number of closings per second; nil for no limit.
  package var rate: (Plan.Step) -> Int? = { _ in nil }

  package init(
    start: ContinuousClock.Instant, timeout: Duration? = nil,
    rate: @escaping (Plan.Step) -> Int? = { _ in nil }
  ) {
    self.start = start
    self.timeout = timeout
    self.rate = rate
  }

  /// When the timeout is reached; nil without one.
  package var deadline: ContinuousClock.Instant? { timeout.map { start + $0 } }

  /// Why the run must stop now, whatever it is doing; nil if it may continue.
  var stopReason: StopReason? { Interruption.reason ?? (isTimeUp ? .timeoutReached : nil) }

  /// Whether the timeout is reached.
  var isTimeUp: Bool { timeout.map { start.duration(to: .now) >= $0 } ?? false }

  /// The time between two checks for closed output.
  private static let checkInterval = Duration.milliseconds(5)

  fileprivate var pace: ClosingPace {
    var nextCheck = start
    return ClosingPace(
      timeout: timeout, rate: rate, elapsed: { start.duration(to: .now) }, sleep: Pause.sleep,
      interruption: { _ in
        if let reason = Interruption.handledReason { return reason }
        // The other checks are system calls, which would slow down every closing.
        let now = ContinuousClock.now
        guard now >= nextCheck else { return nil }
        nextCheck = now + Self.checkInterval
        return Interruption.reason
      })
  }
}
