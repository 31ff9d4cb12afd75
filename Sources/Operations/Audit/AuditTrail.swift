import Connections
import Glibc
package import Presentation
package import Reaping
import Rendering
import Scanning
package import StateFiles
import SystemPackage

/// Records one run in the audit log: each closing in advance, its outcome, and the run itself.
package final class AuditTrail {
  /// What the run has found and done so far.
  package let record: RunRecord
  private let log: AuditLog
  private let journal: Journal?
  /// The entries of one group of connections, reused for the next.
  private var writer = JSONWriter(reserving: typicalLength * Reaper.groupSize)

  /// Opens the audit log of `state`.
  package init(in state: borrowing StateDirectory, _ run: AuditedRun) throws(CommandFailure) {
    do {
      log = try AuditLog(in: state)
    } catch {
      throw Self.failure(error, "nothing was closed")
    }
    record = RunRecord(run)
    journal = Journal()
  }

  private var run: AuditedRun { record.run }

  /// Does `work`, then writes the entry of the run, whether or not `work` succeeded.
  ///
  /// - Throws: what `work` throws, or that the entry could not be written.
  package func recordingRun(_ work: () throws -> Void) throws {
    let result = Result { try work() }
    let (status, error) = Self.end(of: result)
    do {
      if let line = record.end(status.rawValue, error: error) { try log.append(line) }
    } catch {
      try result.get()
      throw Self.failure(error, "this run is not recorded")
    }
    try result.get()
  }

  /// The exit code of a run that ends with `result`, and its error message, if any.
  private static func end(of result: Result<Void, any Error>) -> (ExitStatus, String?) {
    guard case .failure(let error) = result else { return (.done, nil) }
    switch error {
    case let failure as CommandFailure: return (failure.status, failure.message)
    case let problem as OutputProblem where problem.errno == .brokenPipe: return (.done, nil)
    case let problem as OutputProblem:
      return (.failed, "cannot write the output: \(problem.errno)")
    default: return (.failed, "\(error)")
    }
  }

  /// Records that connections are about to be closed.
  ///
  /// - Parameters:
  ///   - steps: some of the closings of a plan.
  ///   - rendered: the connections of all its closings.
  /// - Returns: a reason to stop before these, if they could not be recorded.
  func announce(
    _ steps: ArraySlice<Plan.Step>, _ rendered: RenderedConnections, _ text: ConnectionText
  ) -> StopReason? {
    writer.clear()
    var lines = AuditLines(run, at: Timestamp.now)
    for (index, step) in zip(steps.indices, steps) {
      let json = rendered.json(at: index)
      lines.write(step, event: "closing", outcome: nil, to: &writer) { $0.part(json) }
    }
    do {
      try log.append(writer.bytes)
    } catch {
      return .cannotRecord(error.errno)
    }
    for step in steps { notifyJournal(step, text, event: "closing", outcome: nil) }
    return nil
  }

  /// Records the outcome of each connection.
  package func report(_ outcomes: [Outcome], _ text: ConnectionText) throws(CommandFailure) {
    record.update { $0.counts = OutcomeCounts(outcomes) }
    var json = JSONWriter(reserving: Self.flushSize + Self.typicalLength)
    var lines = AuditLines(run, at: Timestamp.now)
    let connections = ConnectionJSON(text: text)
    for outcome in outcomes {
      let step = outcome.step
      let event = outcome.result.word
      lines.write(step, event: event, outcome: outcome, to: &json) {
        connections.write(step.connection, to: &$0)
      }
      if json.bytes.count >= Self.flushSize {
        try append(json.bytes)
        json.clear()
      }
      notifyJournal(step, text, event: event, outcome: outcome)
    }
    if !json.bytes.isEmpty { try append(json.bytes) }
  }

  /// Notes what owners of closed connections did afterwards, for the entry of the run. Warns in the
  /// journal about those that may be spinning.
  package func note(_ reactions: [OwnerReaction]) {
    let spinning = reactions.filter(\.isSpinning)
    record.update { $0.reactions = spinning + reactions.filter { !$0.isSpinning } }
    for line in OwnerReactionText.warnings(of: reactions) {
      journal?.write(
        line, .warning, [("CONNREAP_EVENT", "spinning"), ("CONNREAP_COMMAND", run.command)])
    }
  }

  /// Outcomes are written in chunks of at least this many bytes.
  private static let flushSize = 64 * 1024
  /// The bytes to reserve for an entry.
  private static let typicalLength = 1536

  private func append(_ lines: [UInt8]) throws(CommandFailure) {
    do {
      try log.append(lines)
    } catch {
      throw Self.failure(error, "what was closed is listed above")
    }
  }

  /// `closed 127.0.0.1:8080 → 127.0.0.1:40000, CLOSE-WAIT, java[1744]: policy pile-up`.
  private func notifyJournal(
    _ step: Plan.Step, _ text: ConnectionText, event: String, outcome: Outcome?
  ) {
    guard journal != nil else { return }
    let connection = step.connection
    let owner = text.snapshot.holders(of: connection).first
    let name = owner.map { ", \(EscapedText.escaped($0.label))" } ?? ""
    let origin = step.policy.map { "policy \($0.name)" } ?? run.command
    let reason = outcome?.reason.map { "; \(EscapedText.escaped($0))" } ?? ""
    let priority: Journal.Priority =
      switch outcome?.result {
      case nil: .debug
      case .closed, .gone, .spared: .info
      case .failed, .unverified: .warning
      }
    let (local, peer) = (text.end(.local, of: connection), text.end(.peer, of: connection))
    journal?.write(
      "\(event) \(local) → \(peer), \(connection.state.label)\(name): "
        + origin + reason,
      priority,
      [
        ("CONNREAP_EVENT", event), ("CONNREAP_COMMAND", run.command),
        ("CONNREAP_POLICY", step.policy?.name), ("CONNREAP_LOCAL", local),
        ("CONNREAP_PEER", peer), ("CONNREAP_STATE", connection.state.name),
        ("CONNREAP_COOKIE", "\(connection.cookie)"),
        ("CONNREAP_OWNER_PID", owner.map { "\($0.pid)" }), ("CONNREAP_REASON", outcome?.reason),
        ("CONNREAP_INVOKED_BY", run.invokedBy),
      ])
  }

  private static func failure(
    _ problem: AuditLogProblem, _ consequence: String
  ) -> CommandFailure {
    CommandFailure(
      .failed, "\(EscapedText.escaped("\(problem)")); \(consequence)",
      remedy: remedy)
  }

  /// What to do if the log cannot be written.
  package static let remedy =
    "free some space or fix its permissions, or name another directory with --state-dir"
}
