import Glibc
import Reaping
import Scanning
import StateFiles
import SystemPackage

/// Writes down each decision of one run: before anything is closed what is going to be, and
/// afterwards what came of it.
struct AuditTrail: ~Copyable {
  private let log: AuditLog
  private let run: Run

  /// What all lines of a run have in common.
  struct Run {
    /// `kill` or `policy apply`.
    let command: String
    /// The words that selected, for a selection by hand; nil for policies, which have names.
    let selection: String?
    /// The effective user.
    let userID: UInt32
    /// The name of the user who became that one, as `SUDO_USER` tells it.
    let invokedBy: String?
    let pid: Int32

    /// The run of this process.
    init(command: String, selection: String?) {
      self.command = command
      self.selection = selection
      userID = geteuid()
      invokedBy = Environment.ofProcess["SUDO_USER"]
      pid = getpid()
    }
  }

  /// Opens the audit log of `state`.
  init(in state: borrowing StateFolder, _ run: Run) throws(CommandFailure) {
    do {
      log = try AuditLog(in: state)
    } catch {
      throw Self.failure(error, "nothing was closed")
    }
    self.run = run
  }

  /// Writes down what is going to be closed. When that fails nothing must be closed.
  func announce(_ plan: Plan, _ text: ConnectionText) throws(CommandFailure) {
    for step in plan.closings {
      try write(step, text, event: "closing", outcome: nil, ifLost: "nothing was closed")
    }
  }

  /// Writes down what came of each connection.
  func report(_ outcomes: [Outcome], _ text: ConnectionText) throws(CommandFailure) {
    for outcome in outcomes {
      try write(
        outcome.step, text, event: outcome.result.word, outcome: outcome.result,
        ifLost: "what was closed is said above")
    }
  }

  private func write(
    _ step: Plan.Step, _ text: ConnectionText, event: String, outcome: Outcome.Result?,
    ifLost consequence: String
  ) throws(CommandFailure) {
    var json = JSONWriter()
    json.object { json in
      json.member("time", Timestamp.now)
      json.member("event", event)
      json.member("command", run.command)
      if let policy = step.policy { json.member("policy", policy) }
      if let selection = run.selection { json.member("selection", selection) }
      if let reason = outcome?.reason { json.member("reason", reason) }
      json.member("uid", run.userID)
      if let invokedBy = run.invokedBy { json.member("invoked_by", invokedBy) }
      json.member("pid", UInt32(run.pid))
      json.member("boot_id", text.snapshot.moment.bootID)
      ConnectionJSON(text: text).write(step.connection, key: "connection", to: &json)
    }
    json.endDocument()
    do {
      try log.append(json.take())
    } catch {
      throw Self.failure(error, consequence)
    }
  }

  private static func failure(
    _ problem: AuditLogProblem, _ consequence: String
  ) -> CommandFailure {
    CommandFailure(
      .failed, "\(EscapedText.escaped("\(problem)")); \(consequence)",
      remedy: "make room or mend its permissions, or give another folder with --state-dir")
  }
}
