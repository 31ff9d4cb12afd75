package import Reaping
package import Rendering

/// Writes audit log entries of one run and one moment. Their common parts are rendered once.
package struct AuditLines {
  private let run: AuditedRun
  private let time: String
  /// The members between the reason and the connection.
  private let end: [UInt8]
  /// The members before the reason, as in the previous entry.
  private var start: Start?

  private struct Start {
    let event: String
    let method: ClosingMethod
    let policy: Plan.PolicyReference?
    let written: [UInt8]
  }

  package init(_ run: AuditedRun, at time: String) {
    self.run = run
    self.time = time
    var json = JSONWriter(continuesArray: true)
    run.writeIdentity(to: &json)
    json.key("connection")
    end = json.take()
  }

  /// Writes the entry of `step`.
  ///
  /// - Parameters:
  ///   - outcome: nil before the connection is closed.
  ///   - connection: writes the connection.
  /// - Returns: the range of the connection in the bytes of `json`.
  @discardableResult
  package mutating func write(
    _ step: Plan.Step, event: String, outcome: Outcome?, to json: inout JSONWriter,
    connection: (inout JSONWriter) -> Void
  ) -> Range<Int> {
    json.part(start(of: step, event: event))
    if let reason = outcome?.reason { json.member("reason", reason) }
    json.part(end, endsWithKey: true)
    let start = json.bytes.count
    connection(&json)
    let range = start..<json.bytes.count
    json.closeObject()
    json.endDocument()
    return range
  }

  private mutating func start(of step: Plan.Step, event: String) -> [UInt8] {
    if let start, start.event == event, start.method == step.method, start.policy == step.policy {
      return start.written
    }
    var json = JSONWriter()
    json.openObject()
    json.member("time", time)
    json.member("event", event)
    json.member("command", run.command)
    json.member("method", step.method.name)
    if let policy = step.policy { json.member("policy", policy.name) }
    if let selection = run.selection { json.member("selection", selection) }
    let written = json.take()
    start = Start(event: event, method: step.method, policy: step.policy, written: written)
    return written
  }
}
