import Connections
package import Operations
package import Rendering

/// A log entry about a whole run.
package struct RunEntry {
  /// The whole entry.
  package let value: JSONValue
  package let time: LogTime
  package let command: String
  /// The ID of the run; nil in old entries.
  package let id: String?
  /// The names of the policies; empty for a run without policies.
  package let policies: [String]
  /// The exit code.
  package let exit: Int

  /// Reads `value`; nil if it is not about a run.
  package init?(_ value: JSONValue) {
    guard value["event"]?.text == RunRecord.event, let time = value["time"]?.text,
      let time = LogTime(time), let command = value["command"]?.text,
      let exit = value["exit"]?.number(Int.self)
    else { return nil }
    self.value = value
    self.time = time
    self.command = command
    self.exit = exit
    id = value["run"]?.text
    policies = (value["policies"]?.elements ?? []).compactMap(\.text)
  }

  /// Whether it adds to the entries of the run's connections: there are none, a policy was refused
  /// or gave up, or the run ended early.
  var addsToItsConnections: Bool {
    let decisions = Self.results.reduce(0) { sum, result in sum + (count(result) ?? 0) }
    return decisions == 0 || value["refused"] != nil || value["given_up"] != nil
      || value["error"] != nil || value["failed_notifications"] != nil || !spinning.isEmpty
  }

  /// `policy apply: found 646, closed 4; refused: pile-up (646, limit 500); exit code 2`.
  package var text: String {
    var parts: [String] = []
    var counts: [String] = []
    if let found = count("found") { counts.append("found \(Count.text(found))") }
    if let reported = count("reported"), reported > 0 {
      counts.append("reported \(Count.text(reported))")
    }
    for result in Self.results {
      guard let number = count(result), number > 0 || result == "closed" else { continue }
      counts.append("\(result) \(Count.text(number))")
    }
    if !counts.isEmpty { parts.append(counts.joined(separator: ", ")) }
    let refused = (value["refused"]?.elements ?? []).map { element in
      let reason = element["reason"]?.text.map { " (\($0))" } ?? ""
      return (element["policy"]?.text ?? "?") + reason
    }
    if !refused.isEmpty { parts.append("refused: " + refused.joined(separator: ", ")) }
    let givenUp = (value["given_up"]?.elements ?? []).map { element in
      let groups = element["groups"]?.number(Int.self)
      let count = groups.map { " (\(Count.text($0)) group\(Count.plural($0)))" } ?? ""
      return (element["policy"]?.text ?? "?") + count
    }
    if !givenUp.isEmpty { parts.append("given up: " + givenUp.joined(separator: ", ")) }
    if !spinning.isEmpty {
      parts.append("may be spinning: " + spinning.joined(separator: ", "))
    }
    if let failed = count("failed_notifications") {
      parts.append("\(Count.text(failed)) notification\(Count.plural(failed)) failed")
    }
    if let error = value["error"]?.text { parts.append(error) }
    parts.append("exit code \(exit)")
    return origin + ": " + parts.joined(separator: "; ")
  }

  /// `policy apply`, or `kill --port 80`, and the user who ran it.
  private var origin: String {
    let words = value["selection"]?.text.map { " \($0)" } ?? ""
    let user = value["invoked_by"]?.text.map { " (by \($0))" } ?? ""
    return command + words + user
  }

  /// Processes that seemed to spin after the run: `app[2210] (55 % of a CPU)`.
  var spinning: [String] {
    (value["owners_after"]?.elements ?? []).filter { $0["spinning"] == .flag(true) }.map { owner in
      let load = owner["cpu_percent_after"]?.number(Int.self).map { " (\($0) % of a CPU)" }
      let name = KernelName(owner["name"]?.text ?? "?")
      let pid = owner["pid"]?.number(Int32.self)
      let label = pid.map { KernelName.label(ofProcess: name, pid: $0) } ?? name
      return label.text + (load ?? "")
    }
  }

  private func count(_ key: String) -> Int? { value[key]?.number(Int.self) }

  /// The keys that count results, in the order of the report.
  private static let results = ["closed", "gone", "spared", "failed", "unverified"]
}
