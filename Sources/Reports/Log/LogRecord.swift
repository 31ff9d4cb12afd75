import Connections
import Operations
import Rendering

/// A record of the log: a decision on a connection, or a run.
package enum LogRecord {
  case decision(Decision)
  case run(RunEntry)

  /// A decision and its result.
  package struct Decision {
    package let entry: AuditEntry
    /// The result, such as `closed`.
    package let result: String
    package let reason: String?
  }

  /// The decision; nil for a run.
  package var decision: Decision? {
    if case .decision(let decision) = self { decision } else { nil }
  }

  /// The log line as JSON. A decision without a result gets it in place of its event.
  var value: JSONValue {
    switch self {
    case .run(let run): return run.value
    case .decision(let decision):
      guard decision.result == LogSearch.unfinished,
        case .object(var members) = decision.entry.value,
        let index = members.firstIndex(where: { $0.name == "event" })
      else { return decision.entry.value }
      members[index].value = .string(decision.result)
      members.removeAll { $0.name == "reason" }
      members.insert(("reason", .string(decision.reason ?? "")), at: index + 1)
      return .object(members)
    }
  }

  /// The fields of a line of CSV.
  var fields: [String] {
    switch self {
    case .run(let run):
      return [run.time.text, RunRecord.event] + [String](repeating: "", count: 8)
        + [run.command, run.policies.joined(separator: " "), run.text]
    case .decision(let decision):
      let entry = decision.entry
      return [
        entry.time.text, decision.result, entry.connection.state.name,
        entry.addressText(of: .local), "\(entry.connection.identity.localPort)",
        entry.addressText(of: .peer), "\(entry.connection.identity.peerPort)",
        entry.processes.map { ($0.name ?? "?").text }.joined(separator: " "),
        entry.processes.map { "\($0.pid)" }.joined(separator: " "),
        entry.value["connection"]?["user"]?.text ?? "", entry.command, entry.policy ?? "",
        decision.reason ?? "",
      ]
    }
  }
}
