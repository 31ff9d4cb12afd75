import Connections
import Glibc
package import Presentation
package import Reaping
import Rendering
import Scanning
package import StateFiles
import SystemPackage

/// Writes down each decision of one run: before anything is closed what is going to be, and
/// afterwards what came of it; and at the end the run itself.
package final class AuditTrail {
  /// What the run has found and done so far.
  package let record: RunRecord
  private let log: AuditLog
  private let journal: Journal?
  private let announced = AnnouncedConnections()
  /// Writes the lines of one group of connections after the other.
  private var writer = JSONWriter(reserving: usualLength * Reaper.groupSize)

  /// Opens the audit log of `state`.
  package init(in state: borrowing StateFolder, _ run: AuditedRun) throws(CommandFailure) {
    do {
      log = try AuditLog(in: state)
    } catch {
      throw Self.failure(error, "nothing was closed")
    }
    record = RunRecord(run)
    journal = Journal()
  }

  private var run: AuditedRun { record.run }

  /// Does the work of the run, and writes the line of the run when that has ended, however it did.
  ///
  /// - Throws: what `work` throws; and when it succeeds but the line could not be written.
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

  /// The exit code of a run that ends with `result`, and why; nil without an error to name.
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

  /// Writes down that connections are going to be closed.
  ///
  /// - Parameters:
  ///   - steps: a part of the closings of a plan.
  ///   - rendered: the connections of all of them.
  ///   - text: the texts of the connections.
  /// - Returns: why they must not be, nor any after them: it could not be written down.
  func announce(
    _ steps: ArraySlice<Plan.Step>, _ rendered: RenderedConnections, _ text: ConnectionText
  ) -> StopReason? {
    writer.clear()
    var lines = AuditLines(run, at: Timestamp.now)
    for (index, step) in zip(steps.indices, steps) {
      let json = rendered.json(at: index)
      lines.write(step, event: "closing", outcome: nil, to: &writer) { $0.part(json) }
      announced.keep(step.connection.cookie, json)
    }
    do {
      try log.append(writer.bytes)
    } catch {
      return .cannotRecord(error.errno)
    }
    for step in steps { tellJournal(step, text, event: "closing", outcome: nil) }
    return nil
  }

  /// Writes down what came of each connection.
  package func report(_ outcomes: [Outcome], _ text: ConnectionText) throws(CommandFailure) {
    record.update { $0.counts = OutcomeCounts(outcomes) }
    var json = JSONWriter(reserving: Self.mostWaiting + Self.usualLength)
    var lines = AuditLines(run, at: Timestamp.now)
    var place = 0
    for outcome in outcomes {
      let step = outcome.step
      let event = outcome.result.word
      let written = announced.written(at: place, of: step.connection.cookie)
      if written != nil { place += 1 }
      lines.write(step, event: event, outcome: outcome, to: &json) { json in
        if let written {
          json.part(written)
        } else {
          ConnectionJSON(text: text).write(step.connection, to: &json)
        }
      }
      if json.bytes.count >= Self.mostWaiting {
        try append(json.bytes)
        json.clear()
      }
      tellJournal(step, text, event: event, outcome: outcome)
    }
    if !json.bytes.isEmpty { try append(json.bytes) }
  }

  /// Notes what owners of closed connections did afterwards, for the line of the run, and warns of
  /// those that may be spinning.
  package func note(_ reactions: [OwnerReaction]) {
    let spinning = reactions.filter(\.isSpinning)
    record.update { $0.reactions = spinning + reactions.filter { !$0.isSpinning } }
    for line in OwnerReactionText.warnings(of: reactions) {
      journal?.write(
        line, .warning, [("CONNREAP_EVENT", "spinning"), ("CONNREAP_COMMAND", run.command)])
    }
  }

  /// How many octets of results wait to be written together.
  private static let mostWaiting = 64 * 1024
  /// For how many octets a line there is room from the beginning.
  private static let usualLength = 1536

  private func append(_ lines: [UInt8]) throws(CommandFailure) {
    do {
      try log.append(lines)
    } catch {
      throw Self.failure(error, "what was closed is said above")
    }
  }

  /// `closed 127.0.0.1:8080 → 127.0.0.1:40000, CLOSE-WAIT, java[1744]: policy pile-up`.
  private func tellJournal(
    _ step: Plan.Step, _ text: ConnectionText, event: String, outcome: Outcome?
  ) {
    guard journal != nil else { return }
    let connection = step.connection
    let owner = text.snapshot.holders(of: connection).first
    let name = owner.map { ", \(EscapedText.escaped($0.name ?? "?"))[\($0.pid)]" } ?? ""
    let origin = step.policy.map { "policy \($0)" } ?? run.command
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
        ("CONNREAP_POLICY", step.policy), ("CONNREAP_LOCAL", local),
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

  /// What to do when it cannot be written.
  package static let remedy =
    "make room or mend its permissions, or give another folder with --state-dir"
}
