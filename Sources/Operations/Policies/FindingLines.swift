import Connections
package import PolicyEngine
import Presentation
import Reaping
package import Rendering
import Scanning

/// The findings of one policy as lines: the group, the decision about it, and details.
package struct FindingLines {
  private let found: PolicyFindings
  private let evaluated: PolicyEvaluation
  private let tense: Tense
  private let spareReasons: [SocketCookie: SpareReason]

  /// Whether the lines announce decisions, or explain what a run did.
  package enum Tense {
    case future
    case past
  }

  /// One line. Its texts are not escaped yet.
  package struct Line {
    /// The group; empty for connections outside the groups.
    package var label = ""
    /// The decision, with the number of connections first.
    package let text: String
    package var details = ""
    package var style: Style? = .dim
  }

  package init(
    _ found: PolicyFindings, in evaluated: PolicyEvaluation, tense: Tense = .future
  ) {
    self.found = found
    self.evaluated = evaluated
    self.tense = tense
    var reasons: [SocketCookie: SpareReason] = [:]
    for step in evaluated.plan.steps where step.policy?.index == found.policyIndex {
      if case .spare(let reason) = step.decision { reasons[step.connection.cookie] = reason }
    }
    spareReasons = reasons
  }

  package var lines: [Line] {
    var lines = found.groups.map(line)
    lines += sparedByReason.map { spared in
      let isProtected = spared.text.hasPrefix("protected")
      let decision = isProtected ? "spared" : "left open"
      return Line(text: "\(Count.text(spared.count)) \(decision): \(spared.text)")
    }
    if found.excludedCount > 0 {
      lines.append(Line(text: "\(Count.text(found.excludedCount)) left open: excepted"))
    }
    lines += undecidedLines
    if let refusal = found.refusal {
      lines.append(Line(text: refusal.decision + ": refused, nothing is closed", style: .red))
    }
    if lines.isEmpty { lines.append(Line(text: "no match")) }
    return lines
  }

  private func line(of group: FindingGroup) -> Line {
    var line = Line(
      label: label(of: group), text: decision(about: group), details: details(of: group))
    switch group.decision {
    case .belowThreshold: break
    case .giveUp: line.style = .red
    case .act:
      if group.rowsToActOn.isEmpty { break }
      line.style = found.refusal == nil ? .yellow : .red
    }
    return line
  }

  /// `45 of 50 will be closed (threshold 10, newest 5 kept)`.
  private func decision(about group: FindingGroup) -> String {
    let count = Count.text(group.rows.count)
    let total = group.total.map { ["\(Count.text($0)) in total"] } ?? []
    switch group.decision {
    case .belowThreshold:
      let reasons = ["below threshold \(Count.text(group.threshold))"] + total
      return "\(count) left open (\(reasons.joined(separator: ", ")))"
    case .giveUp(let rounds):
      let reasons = threshold(of: group) + ["given up after \(Count.text(rounds)) runs"] + total
      return "\(count) left open (\(reasons.joined(separator: ", ")))"
    case .act: break
    }
    let rows = group.rowsToActOn
    let spared = rows.count { spareReasons[cookie($0)] != nil }
    var reasons = threshold(of: group)
    if !group.kept.isEmpty { reasons.append("newest \(Count.text(group.kept.count)) kept") }
    if spared > 0 { reasons.append("\(Count.text(spared)) spared") }
    reasons += total
    let list = reasons.isEmpty ? "" : " (\(reasons.joined(separator: ", ")))"
    return "\(Count.text(rows.count - spared)) of \(count) \(verb)\(list)"
  }

  private func threshold(of group: FindingGroup) -> [String] {
    group.threshold > 1 ? ["threshold \(Count.text(group.threshold))"] : []
  }

  private var verb: String {
    let action = found.policy.action
    if found.refusal != nil { return "would be \(action.closes ? "closed" : "armed")" }
    return switch (action, tense) {
    case (.report, .future): "will be reported"
    case (.report, .past): "reported"
    case (.keepalive, .future): "will be armed"
    case (.keepalive, .past): "to arm"
    case (_, .future): "will be closed"
    case (_, .past): "to close"
    }
  }

  /// `java[1744]`, or `java[1744] in blue`.
  private func label(of group: FindingGroup) -> String {
    let namespace = evaluated.snapshot.namespaces[Int(group.namespace)]
    return namespace.isOwn ? group.label : "\(group.label) in \(namespace.label)"
  }

  /// `in CLOSE-WAIT for ≥ 10m, oldest ≥ 2d03h, most to 10.0.0.20`.
  private func details(of group: FindingGroup) -> String {
    var parts: [String] = []
    var state = ""
    let states = Set(group.rows.map { evaluated.snapshot.connections[$0].state })
    if states.count == 1, let only = states.first { state = "in \(only.label)" }
    if let inState = found.policy.inState {
      state += " for ≥ \(DurationText.exact(milliseconds: inState))"
    }
    if found.policy.seen > 1, group.decision == .act {
      state += " in \(Count.text(found.policy.seen)) runs"
    }
    if !state.isEmpty { parts.append(state.hasPrefix(" ") ? String(state.dropFirst()) : state) }
    let rows = group.rowsToActOn
    if !rows.isEmpty { parts += times(of: rows) + peers(of: rows) }
    if let spared = rows.lazy.compactMap({ spareReasons[cookie($0)] }).first {
      parts.append("spared: \(spared)")
    }
    return parts.joined(separator: ", ")
  }

  private func cookie(_ row: Int) -> SocketCookie { evaluated.snapshot.connections[row].cookie }

  /// `oldest ≥ 2d03h`.
  private func times(of rows: [Int]) -> [String] {
    let connections = rows.map { evaluated.snapshot.connections[$0] }
    func longest(_ time: (Connection, ConnectionPast?) -> UInt64?) -> String? {
      connections.compactMap { time($0, evaluated.snapshot.past(of: $0)) }.max()
        .map { DurationText.rounded(milliseconds: $0) }
    }
    let isTimedByState =
      found.policy.inState != nil || connections.contains { $0.inStateAtLeast != nil }
    if isTimedByState, let oldest = longest({ $0.inStateAtLeast(given: $1) }) {
      return ["oldest ≥ " + oldest]
    }
    return longest { $0.idle(given: $1) }.map { ["longest idle " + $0] } ?? []
  }

  /// `most to 10.0.0.20`.
  private func peers(of rows: [Int]) -> [String] {
    let connections = rows.map { evaluated.snapshot.connections[$0] }
    let peers = Dictionary(grouping: connections, by: \.identity.peerBits)
    let most = peers.values.max {
      ($0.count, $1[0].cookie.rawValue) < ($1.count, $0[0].cookie.rawValue)
    }
    return most.map { ["\(peers.count > 1 ? "most " : "")to \($0[0].peer.address)"] } ?? []
  }

  /// The numbers of spared connections by reason, in the order of their first occurrence.
  private var sparedByReason: [(text: String, count: Int)] {
    var order: [String] = []
    var counts: [String: Int] = [:]
    for spared in found.spared {
      let text = Self.text(of: spared.reason, found.policy, evaluated.policies)
      if counts[text] == nil { order.append(text) }
      counts[text, default: 0] += 1
    }
    return order.map { ($0, counts[$0] ?? 0) }
  }

  /// The groups that the policy has given up on.
  private var leaks: [LeakReport] { evaluated.leaks(of: found) }

  private static func text(
    of reason: SparedConnection.Reason, _ policy: Policy, _ policies: PolicySet
  ) -> String {
    switch reason {
    case .notLongEnough:
      "for less than \(DurationText.exact(milliseconds: policy.inState ?? 0))"
    case .protected(let index, certain: true): "protected by \(policy.protect[index].text)"
    case .protected(let index, certain: false):
      "protected: possibly \(policy.protect[index].text)"
    case .taken(let index): "handled by \(policies.policies[index].name), which comes first"
    case .notSeenEnough(let runs?):
      "seen in \(runs) of \(policy.seen) required runs"
    case .notSeenEnough(nil):
      "seen in an unknown number of runs, \(policy.seen) required"
    case .armed: "armed in an earlier run"
    }
  }

  private var undecidedLines: [Line] {
    let undecided = found.undecided
    let kinds = [
      (undecided.match, "unknown whether the policy matches"),
      (undecided.time, "not enough time recorded by earlier runs"),
      (undecided.exception, "unknown whether an exception applies"),
      (undecided.inState, "time in state unknown"),
      (undecided.owner, ownerIsUnknown),
    ]
    return kinds.filter { $0.0 > 0 }.map { count, reason in
      Line(text: "\(Count.text(count)) left open, undecided: \(reason)")
    }
  }

  private var ownerIsUnknown: String {
    switch found.policy.groupBy {
    case .unit: "in no known unit"
    case .container: "in no known container"
    case .pod: "in no known pod"
    default: "owner unknown"
    }
  }

  package func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", found.policy.name)
      json.member("file", found.policy.file)
      json.member("line", found.policy.line)
      json.member("action", found.policy.action.rawValue)
      json.array("groups") { json in
        for group in found.groups {
          json.object { json in
            json.member("group", group.label)
            let connection = evaluated.snapshot.connections[group.rows[0]]
            json.member("netns", evaluated.snapshot.networkNamespace(of: connection))
            json.member("count", group.rows.count)
            json.member("threshold", group.threshold)
            json.member("acts", !group.rowsToActOn.isEmpty && found.refusal == nil)
            json.member("kept", group.kept.count)
            if let total = group.total { json.member("total", total) }
            if let rounds = group.past?.rounds { json.member("rounds", rounds) }
            if case .giveUp = group.decision { json.member("given_up", true) }
          }
        }
      }
      json.array("leaks") { json in
        for leak in leaks { leak.write(to: &json) }
      }
      json.member("spared", found.spared.count)
      json.array("spared_by_reason") { json in
        for (text, count) in sparedByReason {
          json.object { json in
            json.member("reason", text)
            json.member("count", count)
          }
        }
      }
      json.member("excepted", found.excludedCount)
      json.member("undecided", found.undecided.total)
      json.member("refused", found.refusal != nil)
      if let refusal = found.refusal { json.member("refused_reason", refusal.text) }
    }
  }
}
