import Connections
import PolicyEngine
import Reaping
import Scanning

/// What one policy found, in lines: who, how many against which threshold, and what follows.
struct FindingLines {
  private let found: PolicyFindings
  private let evaluated: PolicyEvaluation
  private let spareReasons: [SocketCookie: SpareReason]

  struct Line {
    let cells: [String]
    var style: Style?
  }

  init(_ found: PolicyFindings, in evaluated: PolicyEvaluation) {
    self.found = found
    self.evaluated = evaluated
    var reasons: [SocketCookie: SpareReason] = [:]
    for step in evaluated.plan.steps where step.policy == found.policy.name {
      if case .spare(let reason) = step.decision { reasons[step.connection.cookie] = reason }
    }
    spareReasons = reasons
  }

  var lines: [Line] {
    var lines = found.groups.map(line)
    lines += sparedLines
    if found.excludedCount > 0 {
      lines.append(
        Line(cells: ["", "\(Count.text(found.excludedCount)) excepted", "left"], style: .dim))
    }
    lines += undecidedLines
    if let refusal = found.refusal {
      lines.append(
        Line(
          cells: [
            "", "\(Count.text(refusal.count)), limit \(Count.text(refusal.limit))",
            "refused: nothing is closed",
          ], style: .red))
    }
    if lines.isEmpty { lines.append(Line(cells: ["", "nothing matches", ""], style: .dim)) }
    return lines
  }

  private func line(of group: FindingGroup) -> Line {
    let count = Count.text(group.rows.count)
    let against = group.threshold > 1 ? ", threshold \(Count.text(group.threshold))" : ""
    let states = Set(group.rows.map { evaluated.snapshot.connections[$0].state })
    let inState = states.count == 1 ? states.first.map { " in \($0.label)" } ?? "" : ""
    let cells = [group.label, count + inState + against]
    guard group.decision == .act else { return Line(cells: cells + ["left"], style: .dim) }
    guard found.policy.action != .report else {
      return Line(cells: cells + ["report \(count)\(details(of: group.rows))"], style: .yellow)
    }
    guard found.refusal == nil else { return Line(cells: cells + ["refused"], style: .red) }
    return Line(cells: cells + [closing(group)], style: .yellow)
  }

  /// `close 310 (oldest ≥ 2d03h, most to 10.0.0.20:5432); spare 2: held by sshd[900] …`.
  private func closing(_ group: FindingGroup) -> String {
    let spared = group.rows.compactMap { spareReasons[cookie($0)] }
    let closed = group.rows.filter { spareReasons[cookie($0)] == nil }
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
    if let oldest = connections.compactMap(\.inStateAtLeast).max() {
      parts.append("oldest ≥ " + DurationText.rounded(milliseconds: UInt64(oldest)))
    } else if let idlest = connections.compactMap(\.idle).max() {
      parts.append("longest idle " + DurationText.rounded(milliseconds: UInt64(idlest)))
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
    var order: [String] = []
    var counts: [String: Int] = [:]
    for spared in found.spared {
      let text = Self.text(of: spared.reason, found.policy, evaluated.policies)
      if counts[text] == nil { order.append(text) }
      counts[text, default: 0] += 1
    }
    return order.map { text in
      let count = Count.text(counts[text] ?? 0)
      let isProtected = text.hasPrefix("protected")
      return Line(cells: ["", "\(count) \(text)", isProtected ? "spared" : "left"], style: .dim)
    }
  }

  private static func text(
    of reason: SparedConnection.Reason, _ policy: Policy, _ policies: PolicySet
  ) -> String {
    switch reason {
    case .tooYoung:
      "for less than \(DurationText.exact(milliseconds: policy.inState ?? 0))"
    case .protected(let index, certain: true): "protected by \(policy.protect[index].text)"
    case .protected(let index, certain: false):
      "protected: cannot be told from \(policy.protect[index].text)"
    case .taken(let index): "acted on by \(policies.policies[index].name)"
    }
  }

  private var undecidedLines: [Line] {
    let undecided = found.undecided
    let kinds = [
      (undecided.match, "whether it matches is unknown"),
      (undecided.exception, "whether it is excepted is unknown"),
      (undecided.inState, "how long it is in its state is unknown"),
      (undecided.owner, ownerIsUnknown),
    ]
    return kinds.filter { $0.0 > 0 }.map { count, reason in
      Line(cells: ["", "\(Count.text(count)) undecided: \(reason)", "left"], style: .dim)
    }
  }

  private var ownerIsUnknown: String {
    switch found.policy.groupBy {
    case .unit: "in no known unit"
    case .container: "in no known container"
    default: "its owner is unknown"
    }
  }

  func write(to json: inout JSONWriter) {
    json.object { json in
      json.member("name", found.policy.name)
      json.member("file", found.policy.file)
      json.member("line", found.policy.line)
      json.member("action", found.policy.action.rawValue)
      json.array("groups") { json in
        for group in found.groups {
          json.object { json in
            json.member("group", group.label)
            json.member("count", group.rows.count)
            json.member("threshold", group.threshold)
            json.member("acts", group.decision == .act && found.refusal == nil)
          }
        }
      }
      json.member("spared", found.spared.count)
      json.member("excepted", found.excludedCount)
      json.member("undecided", found.undecided.total)
      json.member("refused", found.refusal != nil)
    }
  }
}
