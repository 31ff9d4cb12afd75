public import Connections

extension Evaluation {
  /// The memory to keep after a run with these findings.
  ///
  /// - Parameters:
  ///   - history: the memory of earlier runs. A namespace without a memory gets none.
  ///   - closings: the number of connections in a group that the run will act on, after guards.
  public static func memory(
    after findings: [PolicyFindings], of rows: some EvaluatedConnections, history: PolicyHistory,
    closings: (PolicyFindings, FindingGroup) -> Int
  ) -> [UInt16: RunMemory] {
    var writer = MemoryWriter(history)
    writer.look(at: rows, findings)
    for found in findings {
      writer.flag(found, of: rows)
      writer.count(found, closings: closings)
    }
    return writer.memories
  }
}

/// Updates the memory of earlier runs with the current one.
private struct MemoryWriter {
  private(set) var memories: [UInt16: RunMemory]
  private let history: PolicyHistory
  /// The remembered connections that currently exist.
  private var present: Set<SocketCookie> = []

  init(_ history: PolicyHistory) {
    self.history = history
    memories = history.memories
  }

  /// Updates the remembered connections and adds new ones up to the limit: those with the lowest
  /// cookies, roughly the oldest.
  mutating func look(at rows: some EvaluatedConnections, _ findings: [PolicyFindings]) {
    let now = history.now
    for row in 0..<rows.count {
      let connection = rows.connection(at: row)
      guard let remembered = history.remembered(connection) else { continue }
      present.insert(connection.cookie)
      memories[connection.namespace]?.connections[connection.cookie] =
        remembered.seenAgain(connection, at: now)
    }
    for namespace in memories.keys { memories[namespace]?.forgetOldConnections(at: now) }
    var new: [SocketCookie: Int] = [:]
    for found in findings {
      for row in found.flagged + found.awaited {
        let connection = rows.connection(at: row)
        if let memory = memories[connection.namespace],
          memory.connections[connection.cookie] == nil
        {
          new[connection.cookie] = row
        }
      }
    }
    let count = memories.values.reduce(0) { $0 + $1.connections.count }
    let room = max(0, RunMemory.connectionLimit - count)
    for (cookie, row) in new.sorted(by: { $0.key.rawValue < $1.key.rawValue }).prefix(room) {
      let connection = rows.connection(at: row)
      memories[connection.namespace]?.connections[cookie] =
        RememberedConnection(connection, at: now)
      present.insert(cookie)
    }
  }

  /// Counts the run for the connections that the policy flags, and resets those it decided not to
  /// flag.
  mutating func flag(_ found: PolicyFindings, of rows: some EvaluatedConnections) {
    let policy = found.policy
    let rules = policy.rules
    let flagged = Set(found.flagged.map { rows.connection(at: $0).cookie })
    let unsure = Set((found.unsure + found.awaited).map { rows.connection(at: $0).cookie })
    for (namespace, memory) in memories {
      for (key, flag) in memory.flags where key.policy == policy.name {
        guard !flagged.contains(key.cookie) else { continue }
        let isDecided = present.contains(key.cookie) && !unsure.contains(key.cookie)
        guard !isDecided, flag.rules == rules, flag.missed < RememberedFlag.grace else {
          memories[namespace]?.flags[key] = nil
          continue
        }
        memories[namespace]?.flags[key]?.missed += 1
      }
    }
    for row in found.flagged {
      let connection = rows.connection(at: row)
      guard memories[connection.namespace]?.connections[connection.cookie] != nil else { continue }
      let before = history.flag(of: policy.name, rules: rules, on: connection)
      let key = FlagKey(policy: policy.name, cookie: connection.cookie)
      memories[connection.namespace]?.flags[key] = RememberedFlag(
        rules: rules, runs: (before?.runs ?? 0) + 1, isArmed: before?.isArmed ?? false)
    }
  }

  /// Counts the run for the groups that the policy acts on. A group that stays quiet is forgotten,
  /// even if the policy had given up on it.
  mutating func count(_ found: PolicyFindings, closings: (PolicyFindings, FindingGroup) -> Int) {
    guard found.refusal == nil else { return }
    for namespace in memories.keys { count(found, in: namespace, closings: closings) }
  }

  private mutating func count(
    _ found: PolicyFindings, in namespace: UInt16,
    closings: (PolicyFindings, FindingGroup) -> Int
  ) {
    guard var groups = memories[namespace]?.groups else { return }
    let policy = found.policy
    let rules = policy.rules
    var busy: Set<RememberedGroupKey> = []
    for group in found.groups
    where group.namespace == namespace && group.decision != .belowThreshold {
      let key = RememberedGroupKey(policy: policy.name, group: group.key.identifier)
      busy.insert(key)
      var rounds =
        history.group(of: policy.name, rules: rules, group.key, in: namespace)
        ?? RememberedGroup(
          rules: rules, rounds: 0, firstRound: history.now, firstCount: group.rows.count)
      rounds.quiet = 0
      if group.decision == .act, closings(found, group) > 0 { rounds.rounds += 1 }
      groups[key] = rounds.rounds > 0 ? rounds : nil
    }
    let patience = max(RememberedGroup.patience, policy.seen)
    for (key, rounds) in groups where key.policy == policy.name && !busy.contains(key) {
      let isForgotten = rounds.quiet + 1 >= patience || rounds.rules != rules
      if isForgotten { groups[key] = nil } else { groups[key]?.quiet += 1 }
    }
    memories[namespace]?.groups = groups
  }
}

extension RunMemory {
  /// Forgets connections that no run has seen for a long time.
  fileprivate mutating func forgetOldConnections(at now: UInt64) {
    connections = connections.filter { $0.value.lastSeen + Self.longestAbsence >= now }
    flags = flags.filter { connections[$0.key.cookie] != nil }
  }
}
