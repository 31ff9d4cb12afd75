import Connections
import PolicyEngine
package import Presentation
package import Reaping
import Rendering
import Scanning
import StateFiles
import SystemPackage

/// Carries out a plan so that, whatever stops it, what was done is verified, written down, printed
/// and told by the exit code.
package struct ClosingRun {
  private let system: LiveSystem
  private let plan: Plan
  private let rules: () throws -> any ClosingRules
  private let names: SystemNumbers
  private let limits: ClosingLimits
  private var observation: OwnerObservation

  /// - Parameter rules: makes the rules that decide about each connection right before it is closed.
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

  /// Closes what the plan says, and writes each closing down before it is done.
  ///
  /// - Parameters:
  ///   - remembering: keeps what came of it for later runs.
  ///   - printing: prints what came of it, with the owners at the moment of closing; when it cannot,
  ///     the counts go to standard error.
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
    // The log first: it is what remains when the terminal is gone.
    let recorded = Result { try trail.report(outcomes, text) }
    let remembered = Result { try remembering(outcomes) }
    let counts = OutcomeCounts(outcomes)
    do {
      try printing(result)
      let reactions = observation.reactions(to: outcomes, in: result.snapshot)
      trail.note(reactions)
      try concluding(result, reactions)
    } catch let problem as OutputProblem {
      Standard.say("connreap: cannot write the output: \(problem.errno); \(counts.line)\n")
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
    case .timeIsUp:
      throw CommandFailure(
        .failed, "\(reason); \(rest)", remedy: "give it more with --timeout, or a higher rate")
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
  /// The time from then on after which nothing more is closed.
  package var timeout: Duration?
  /// The greatest number of closings in a second; nil for as many as there can be.
  package var rate: (Plan.Step) -> Int? = { _ in nil }

  package init(
    start: ContinuousClock.Instant, timeout: Duration? = nil,
    rate: @escaping (Plan.Step) -> Int? = { _ in nil }
  ) {
    self.start = start
    self.timeout = timeout
    self.rate = rate
  }

  /// When the time of the run is up; nil without a timeout.
  package var deadline: ContinuousClock.Instant? { timeout.map { start + $0 } }

  /// Why the run has to stop now, whatever it is doing; nil when it may go on.
  var stopReason: StopReason? { Interruption.reason ?? (isTimeUp ? .timeIsUp : nil) }

  /// Whether the run has taken all the time that it was given.
  var isTimeUp: Bool { timeout.map { start.duration(to: .now) >= $0 } ?? false }

  /// How long the run goes on after its output was closed, at most, but for one closing.
  private static let timeBetweenLooks = Duration.milliseconds(5)

  fileprivate var pace: ClosingPace {
    var nextLook = start
    return ClosingPace(
      timeout: timeout, rate: rate, elapsed: { start.duration(to: .now) }, sleep: Pause.sleep,
      interruption: { _ in
        if let reason = Interruption.handledReason { return reason }
        // The rest takes system calls, which would add to the time of every closing.
        let now = ContinuousClock.now
        guard now >= nextLook else { return nil }
        nextLook = now + Self.timeBetweenLooks
        return Interruption.reason
      })
  }
}
