import DescriptorActions
package import Presentation
package import Reaping
package import Rendering
import Scanning

/// Writes a plan as JSON, with its outcomes once it was carried out.
package struct PlanJSON {
  package let text: ConnectionText
  /// Nil for a recording, whose connections cannot be closed.
  package var origin: PlanOrigin?

  /// Writes `plan`.
  ///
  /// - Parameters:
  ///   - outcomes: the outcome of each step.
  ///   - reactions: what the owners of closed connections did.
  ///   - more: writes further members before the connections.
  package func write(
    _ plan: Plan, outcomes: [Outcome]?, reactions: [OwnerReaction]? = nil,
    to json: inout JSONWriter,
    more: (inout JSONWriter) -> Void = { _ in }
  ) {
    json.openObject()
    writeHead(of: plan, to: &json)
    more(&json)
    json.array("connections") { json in
      for (index, step) in plan.steps.enumerated() {
        json.newline()
        write(step, outcome: outcomes?[index], to: &json)
      }
    }
    json.newline()
    if let reactions { OwnerReactionText.write(reactions, to: &json) }
    json.object("summary") { json in
      if let outcomes {
        OutcomeCounts(outcomes).write(to: &json)
      } else {
        json.member("close", plan.closings.count)
        json.member("spare", plan.steps.count - plan.closings.count)
      }
    }
    json.closeObject()
    json.endDocument()
  }

  private func writeHead(of plan: Plan, to json: inout JSONWriter) {
    json.member("version", PlanFile.version)
    if let origin { origin.write(to: &json) } else { plan.snapshot.moment.write(to: &json) }
    json.member("boot_id", plan.snapshot.moment.bootID)
    // If there are several namespaces, each connection has its own.
    let namespaces = plan.snapshot.namespaces
    json.member(
      "netns",
      namespaces.count == 1
        ? namespaces[0].inode ?? plan.snapshot.moment.networkNamespace : nil)
    let methods = Set(plan.steps.map(\.method))
    json.member("method", methods.count == 1 ? methods.first?.name : nil)
    if methods.count == 1, case .keepalive(let settings) = methods.first {
      write(settings, to: &json)
    }
  }

  private func write(_ settings: KeepaliveSettings, to json: inout JSONWriter) {
    json.object("keepalive") { json in
      json.member("idle_s", Int(settings.idle))
      json.member("interval_s", Int(settings.interval))
      json.member("count", Int(settings.count))
      json.member("user_timeout_ms", settings.userTimeout)
    }
  }

  private func write(_ step: Plan.Step, outcome: Outcome?, to json: inout JSONWriter) {
    ConnectionJSON(text: text).write(step.connection, to: &json) { json in
      var reason: String?
      switch step.decision {
      case .close: json.member("decision", "close")
      case .spare(let why):
        json.member("decision", "spare")
        reason = why.description
      }
      if let policy = step.policy {
        json.member("policy", policy.name)
        json.member("method", step.method.name)
      }
      if let outcome {
        json.member("result", outcome.result.word)
        reason = outcome.reason ?? reason
        if outcome.result == .closed { json.member("program_sees", ProgramView.text(of: step)) }
      }
      json.member("reason", reason)
    }
  }
}
