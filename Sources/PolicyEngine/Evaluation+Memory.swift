public import Connections

extension Evaluation {
  /// What is to be remembered after a run that found `findings` among `rows`.
  ///
  /// - Parameters:
  ///   - history: what earlier runs remember.
  ///   - closings: how many connections of a group the run is going to act on, now that guards have
  ///     spared some.
  public static func memory(
    after findings: [PolicyFindings], of rows: some EvaluatedConnections, history: PolicyHistory,
    closings: (PolicyFindings, FindingGroup) -> Int
  ) -> RunMemory {
    var writer = MemoryWriter(history)
    writer.look(at: rows, findings)
    for found in findings {
      writer.flag(found, of: rows)
      writer.count(found, closings: closings)
    }
    return writer.memory
  }
}

/// Brings the memory of earlier runs up to the present one.
private struct MemoryWriter {
  private(set) var memory: RunMemory
  private let history: PolicyHistory
  /// The remembered connections that are there now.
  private var present: Set<SocketCookie> = []

  init(_ history: PolicyHistory) {
    self.history = history
    memory = history.memory
  }

  /// Sees the remembered connections again and takes new ones in, as far as there is room: those
  /// with the lowest cookies, which are about the oldest.
  mutating func look(at rows: some EvaluatedConnections, _ findings: [PolicyFindings]) {
    let now = history.now
    for row in 0..<rows.count {
      let connection = rows.connection(at: row)
      guard let remembered = memory.connections[connection.cookie] else { continue }
      present.insert(connection.cookie)
      memory.connections[connection.cookie] = remembered.seenAgain(connection, at: now)
    }
    memory.connections = memory.connections.filter { _, remembered in
      remembered.lastSeen + RunMemory.longestAbsence >= now
    }
    memory.flags = memory.flags.filter { key, _ in memory.connections[key.cookie] != nil }
    var new: [SocketCookie: Int] = [:]
    for found in findings {
      for row in found.flagged + found.awaited {
        let cookie = rows.connection(at: row).cookie
        if memory.connections[cookie] == nil { new[cookie] = row }
      }
    }
    let room = max(0, RunMemory.connectionLimit - memory.connections.count)
    for (cookie, row) in new.sorted(by: { $0.key.rawValue < $1.key.rawValue }).prefix(room) {
      memory.connections[cookie] = RememberedConnection(rows.connection(at: row), at: now)
      present.insert(cookie)
    }
  }

  /// Counts the run for what the policy flags in it; what it decided not to flag starts again.
  mutating func flag(_ found: PolicyFindings, of rows: some EvaluatedConnections) {
    let policy = found.policy
    let rules = policy.rules
    let flagged = Set(found.flagged.map { rows.connection(at: $0).cookie })
    let unsure = Set((found.unsure + found.awaited).map { rows.connection(at: $0).cookie })
    for (key, flag) in memory.flags where key.policy == policy.name {
      guard !flagged.contains(key.cookie) else { continue }
      let isDecided = present.contains(key.cookie) && !unsure.contains(key.cookie)
      guard !isDecided, flag.rules == rules, flag.missed < RememberedFlag.grace else {
        memory.flags[key] = nil
        continue
      }
      memory.flags[key]?.missed += 1
    }
    for row in found.flagged {
      let connection = rows.connection(at: row)
      guard memory.connections[connection.cookie] != nil else { continue }
      let before = history.flag(of: policy.name, rules: rules, on: connection)
      memory.flags[FlagKey(policy: policy.name, cookie: connection.cookie)] = RememberedFlag(
        rules: rules, runs: (before?.runs ?? 0) + 1, isArmed: before?.isArmed ?? false)
    }
  }

  /// Counts the round of the groups that the policy acts on. A group that stays quiet is forgotten,
  /// and with it that the policy has given it up.
  mutating func count(_ found: PolicyFindings, closings: (PolicyFindings, FindingGroup) -> Int) {
    guard found.refusal == nil else { return }
    let policy = found.policy
    let rules = policy.rules
    var busy: Set<RememberedGroupKey> = []
    for group in found.groups where group.decision != .belowThreshold {
      let key = RememberedGroupKey(policy: policy.name, group: group.key.identifier)
      busy.insert(key)
      var rounds =
        history.group(of: policy.name, rules: rules, group.key)
        ?? RememberedGroup(
          rules: rules, rounds: 0, firstRound: history.now, firstCount: group.rows.count)
      rounds.quiet = 0
      if group.decision == .act, closings(found, group) > 0 { rounds.rounds += 1 }
      memory.groups[key] = rounds.rounds > 0 ? rounds : nil
    }
    let patience = max(RememberedGroup.patience, policy.seen)
    for (key, rounds) in memory.groups where key.policy == policy.name && !busy.contains(key) {
      let isForgotten = rounds.quiet + 1 >= patience || rounds.rules != rules
      if isForgotten { memory.groups[key] = nil } else { memory.groups[key]?.quiet += 1 }
    }
  }
}
