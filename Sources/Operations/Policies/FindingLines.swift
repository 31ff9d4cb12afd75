import Connections
package import PolicyEngine
import Presentation
import Reaping
package import Rendering
import Scanning

/// The findings of one policy as lines: the group, its count and threshold, and the action.
package struct FindingLines {
  private let found: PolicyFindings
  private let evaluated: PolicyEvaluation
  private let spareReasons: [SocketCookie: SpareReason]

  package struct Line {
    package let cells: [String]
    package var style: Style?
  }

  package init(_ found: PolicyFindings, in evaluated: PolicyEvaluation) {
    self.found = found
    self.evaluated = evaluated
    var reasons: [SocketCookie: SpareReason] = [:]
    for step in evaluated.plan.steps where step.policy?.index == found.policyIndex {
      if case .spare(let reason) = step.decision { reasons[step.connection.cookie] = reason }
    }
    spareReasons = reasons
  }

  package var lines: [Line] {
    var lines = found.groups.map(line)
    lines += sparedLines
    if found.excludedCount > 0 {
      lines.append(
        Line(cells: ["", "\(Count.text(found.excludedCount)) excepted", "left open"], style: .dim))
    }
    lines += undecidedLines
    if let refusal = found.refusal {
      lines.append(
        Line(cells: ["", refusal.text, "refused; nothing is closed"], style: .red))
    }
    if lines.isEmpty { lines.append(Line(cells: ["", "no match", ""], style: .dim)) }
    return lines
  }

  private func line(of group: FindingGroup) -> Line {
    let cells = [label(of: group), counts(of: group)]
    let rows = group.rowsToActOn
    switch group.decision {
    case .belowThreshold: return Line(cells: cells + ["left open"], style: .dim)
    case .giveUp(let rounds):
      let text = "left open: given up after \(Count.text(rounds)) runs"
      return Line(cells: cells + [text], style: .red)
    case .act: break
    }
    guard !rows.isEmpty else { return Line(cells: cells + ["kept: the newest"], style: .dim) }
    let kept =
      group.kept.isEmpty ? "" : "; keep the newest \(Count.text(group.kept.count))"
    guard found.policy.action != .report else {
      let text = "report \(Count.text(rows.count))\(details(of: rows))"
      return Line(cells: cells + [text + kept], style: .yellow)
    }
    guard found.refusal == nil else { return Line(cells: cells + ["refused"], style: .red) }
    return Line(cells: cells + [closing(rows) + kept], style: .yellow)
  }

  /// `java[1744]`, or `java[1744] in blue`.
  private func label(of group: FindingGroup) -> String {
    let namespace = evaluated.snapshot.namespaces[Int(group.namespace)]
    return namespace.isOwn ? group.label : "\(group.label) in \(namespace.label)"
  }

  /// `312 in CLOSE-WAIT for ≥ 10m, threshold 100`.
  private func counts(of group: FindingGroup) -> String {
    var text = Count.text(group.rows.count)
    let states = Set(group.rows.map { evaluated.snapshot.connections[$0].state })
    if states.count == 1, let state = states.first { text += " in \(state.label)" }
    if let inState = found.policy.inState {
      text += " for ≥ \(DurationText.exact(milliseconds: inState))"
    }
    if found.policy.seen > 1 { text += " in \(found.policy.seen) runs" }
    if group.threshold > 1 { text += ", threshold \(Count.text(group.threshold))" }
    if let total = group.total { text += ", \(Count.text(total)) in total" }
    return text
  }

  /// `close 310 (oldest ≥ 2d03h, most to 10.0.0.20:5432); spare 2: held by sshd[900] …`.
  private func closing(_ rows: [Int]) -> String {
    let spared = rows.compactMap { spareReasons[cookie($0)] }
    let closed = rows.filter { spareReasons[cookie($0)] == nil }
    var parts: [String] = []
    if !closed.isEmpty {
      let verb = found.policy.action.closes ? "close" : "arm"
      parts.append("\(verb) \(Count.text(closed.count))\(details(of: closed))")
    }
    if let first = spared.first { parts.append("spare \(Count.text(spared.count)): \(first)") }
    return parts.joined(separator: "; ")
  }

  private func cookie(_ row: Int) -> SocketCookie { evaluated.snapshot.connections[row].cookie }

  /// ` (oldest ≥ 2d03h, most to 10.0.0.20:5432)`.
  private func details(of rows: [Int]) -> String {
    let connections = rows.map { evaluated.snapshot.connections[$0] }
    var parts: [String] = []
    func longest(_ time: (Connection, ConnectionPast?) -> UInt64?) -> String? {
      connections.compactMap { time($0, evaluated.snapshot.past(of: $0)) }.max()
        .map { DurationText.rounded(milliseconds: $0) }
    }
    let isTimedByState =
      found.policy.inState != nil || connections.contains { $0.inStateAtLeast != nil }
    if isTimedByState, let oldest = longest({ $0.inStateAtLeast(given: $1) }) {
      parts.append("oldest ≥ " + oldest)
    } else if let idlest = longest({ $0.idle(given: $1) }) {
      parts.append("longest idle " + idlest)
    }
    let peers = Dictionary(grouping: connections, by: \.identity.peerBits)
    if let most = peers.values.max(by: {
      ($0.count, $1[0].cookie.rawValue) < ($1.count, $0[0].cookie.rawValue)
    }) {
      parts.append("\(peers.count > 1 ? "most " : "")to \(most[0].peer.address)")
    }
    return parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
  }

  private var sparedLines: [Line] {
    sparedByReason.map { text, count in
      let isProtected = text.hasPrefix("protected")
      return Line(
        cells: ["", "\(Count.text(count)) \(text)", isProtected ? "spare" : "left open"],
        style: .dim)
    }
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
      Line(cells: ["", "\(Count.text(count)) undecided: \(reason)", "left open"], style: .dim)
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
