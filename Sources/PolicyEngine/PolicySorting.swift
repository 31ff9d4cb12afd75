internal import Connections
internal import Selection

/// Puts the connections that one policy sees where they belong, one by one.
struct PolicySorting {
  private let policy: Policy
  private let rules: UInt64
  private let match: PreparedSelection
  private let takers: [SocketCookie: Int]
  private let history: PolicyHistory?
  private let isSecondLook: Bool
  private let waitsForLongIdle: Bool
  private var groups: [PlacedKey: (rows: [Int], member: GroupMember)] = [:]
  private var totals: [PlacedKey: Int] = [:]
  private var spared: [SparedConnection] = []
  private var excludedCount = 0
  private var undecided = UndecidedCounts()
  private var undecidedRows: [Int] = []
  private var flagged: [Int] = []
  private var awaited: [Int] = []
  private var unsure: [Int] = []

  /// From what idleness on a connection is remembered for a policy that asks for more of it than
  /// the kernel can count: an hour.
  private static let noteworthyIdle: UInt32 = 3_600_000

  /// - Parameters:
  ///   - takers: which earlier policy acts on a connection.
  ///   - isSecondLook: whether the connections have been sorted before, and only what they are
  ///     themselves can have changed.
  init(
    _ policy: Policy, takers: [SocketCookie: Int], history: PolicyHistory?,
    isSecondLook: Bool = false
  ) {
    self.policy = policy
    // A second look, one connection after the other, has no use for it.
    rules = history == nil ? 0 : policy.rules
    match = PreparedSelection(policy.match)
    self.takers = takers
    self.history = history
    self.isSecondLook = isSecondLook
    waitsForLongIdle = policy.match.asksForMoreIdleThanTheKernelCounts
  }

  mutating func sort(_ row: Int, of rows: some EvaluatedConnections) {
    let connection = rows.connection(at: row)
    countForTotals(connection, row, of: rows)
    guard match.stateMask.contains(connection.state) else { return }
    let owners = rows.owners(at: row)
    let past = rows.past(at: row)
    switch match.verdict(of: connection, owners: owners, past: past) {
    case .no: return
    case .unknown:
      guard match.verdict(of: connection, owners: owners, past: .longest) == .yes else {
        leaveUndecided(row, \.match)
        return doubt(row, connection)
      }
      leaveUndecided(row, \.time)
      if isAwaited(connection, past) { awaited.append(row) }
      return
    case .yes: break
    }
    switch exception(connection, owners, past) {
    case .yes: return excludedCount += 1
    case .unknown:
      leaveUndecided(row, \.exception)
      return doubt(row, connection)
    case .no: break
    }
    if let protection = protection(connection, owners, past) { return spare(row, protection) }
    switch age(connection, past) {
    case .no:
      awaited.append(row)
      return spare(row, .tooYoung)
    case .unknown:
      awaited.append(row)
      return leaveUndecided(row, \.inState)
    case .yes: break
    }
    guard let (key, member) = key(connection, row, of: rows) else {
      leaveUndecided(row, \.owner)
      return doubt(row, connection)
    }
    flagged.append(row)
    if let taker = takers[connection.cookie] { return spare(row, .taken(by: taker)) }
    if let reason = reasonToWait(connection) { return spare(row, reason) }
    let placed = PlacedKey(key: key, namespace: connection.namespace)
    groups[placed, default: ([], member)].rows.append(row)
  }

  /// The protection that spares the first connection, by its index in the policy; nil if none does.
  var firstProtection: Int? {
    if case .protected(let index, _) = spared.first?.reason { index } else { nil }
  }

  /// Whether a connection found its place in a group.
  var hasMembers: Bool { !groups.isEmpty }

  /// The findings of all that was sorted.
  ///
  /// - Parameter index: the index of the policy among those of the run.
  func findings(
    ofPolicyAt index: Int, in rows: some EvaluatedConnections, userName: (UInt32) -> String?
  ) -> PolicyFindings {
    let groups = groups.map { placed, members in
      FindingGroup(
        key: placed.key, namespace: placed.namespace,
        label: Self.label(placed.key, members.member, userName), rows: members.rows,
        kept: newest(of: members.rows, in: rows), threshold: policy.threshold,
        total: policy.limitPercent.map { _ in max(totals[placed] ?? 0, members.rows.count) },
        past: history?.group(
          of: policy.name, rules: rules, placed.key, in: placed.namespace),
        giveUpAfter: policy.action == .report ? nil : policy.giveUpAfter)
    }.sorted(by: FindingGroup.comesBefore)
    return PolicyFindings(
      policy: policy, policyIndex: index, groups: groups, spared: spared,
      excludedCount: excludedCount, undecided: undecided, undecidedRows: undecidedRows,
      refusal: policy.action == .report ? nil : refusal(of: groups),
      flagged: flagged, awaited: awaited, unsure: unsure)
  }

  private func refusal(of groups: [FindingGroup]) -> LimitRefusal? {
    let count = groups.reduce(0) { $0 + $1.rowsToActOn.count }
    if count > policy.limit { return LimitRefusal(count: count, limit: policy.limit, share: nil) }
    guard let percent = policy.limitPercent else { return nil }
    for group in groups {
      let (count, total) = (group.rowsToActOn.count, group.total ?? 0)
      guard count * 100 > percent * total else { continue }
      return LimitRefusal(
        count: count, limit: percent * total / 100,
        share: LimitRefusal.Share(label: group.label, percent: percent, total: total))
    }
    return nil
  }

  /// The newest of `members`, as many as the policy keeps, in increasing order.
  private func newest(of members: [Int], in rows: some EvaluatedConnections) -> [Int] {
    guard policy.keep > 0 else { return [] }
    let standing = members.map { Standing(rows.connection(at: $0), rows.past(at: $0), row: $0) }
    return standing.sorted(by: Standing.isOlder).suffix(policy.keep).map(\.row).sorted()
  }

  private mutating func spare(_ row: Int, _ reason: SparedConnection.Reason) {
    spared.append(SparedConnection(row: row, reason: reason))
  }

  private mutating func leaveUndecided(
    _ row: Int, _ reason: WritableKeyPath<UndecidedCounts, Int>
  ) {
    undecided[keyPath: reason] += 1
    undecidedRows.append(row)
  }

  private mutating func doubt(_ row: Int, _ connection: Connection) {
    if history?.remembered(connection) != nil { unsure.append(row) }
  }

  /// Whether time alone, which runs must remember, can make the policy match `connection`.
  private func isAwaited(_ connection: Connection, _ past: ConnectionPast?) -> Bool {
    guard waitsForLongIdle, past == nil else { return true }
    return connection.idle.map { $0 >= Self.noteworthyIdle } ?? false
  }

  /// Why a connection that the policy flags is left to later runs or later policies.
  private func reasonToWait(_ connection: Connection) -> SparedConnection.Reason? {
    guard !isSecondLook, policy.seen > 1 || policy.action == .keepalive else { return nil }
    let flag = history?.flag(of: policy.name, rules: rules, on: connection)
    if policy.action == .keepalive, let flag, flag.isArmed { return .armed }
    guard policy.seen > 1 else { return nil }
    guard history != nil else { return .notSeenEnough(runs: nil) }
    let runs = (flag?.runs ?? 0) + 1
    return runs >= policy.seen ? nil : .notSeenEnough(runs: runs)
  }

  private mutating func countForTotals(
    _ connection: Connection, _ row: Int, of rows: some EvaluatedConnections
  ) {
    guard policy.limitPercent != nil, TCPStateSet.shownByDefault.contains(connection.state),
      let (key, _) = key(connection, row, of: rows)
    else { return }
    totals[PlacedKey(key: key, namespace: connection.namespace), default: 0] += 1
  }

  private func exception(
    _ connection: Connection, _ owners: some OwnerFacts, _ past: ConnectionPast?
  ) -> Verdict {
    // A prepared selection is a plain no in states that `ss -a` does not show; so not here.
    policy.except.reduce(.no) {
      $0.or($1.verdict(of: connection, owners: owners, past: past))
    }
  }

  /// The first protection that covers it or, when none does for certain, the first that may.
  private func protection(
    _ connection: Connection, _ owners: some OwnerFacts, _ past: ConnectionPast?
  ) -> SparedConnection.Reason? {
    var possible: Int?
    for (index, protection) in policy.protect.enumerated() {
      switch protection.predicate.verdict(of: connection, owners: owners, past: past) {
      case .yes: return .protected(by: index, certain: true)
      case .unknown: possible = possible ?? index
      case .no: break
      }
    }
    return possible.map { .protected(by: $0, certain: false) }
  }

  /// Whether it has been in its state for long enough.
  private func age(_ connection: Connection, _ past: ConnectionPast?) -> Verdict {
    guard let least = policy.inState else { return .yes }
    return SelectionTerm.inState(atLeast: least).verdict(
      of: connection, owners: OwnersUnknown(), past: past)
  }
}

/// What a group is called by, as far as its key does not say.
private struct GroupMember {
  var process: OwnerProcess?
  var controlGroup: ControlGroup?
}

/// By what connections are counted together: a peer or a listener of another network namespace is
/// another one, and so is whatever else is counted there.
private struct PlacedKey: Hashable {
  let key: GroupKey
  let namespace: UInt16
}

// By what connections are counted together.
extension PolicySorting {
  /// The group that it belongs to, and what a group of one is called by; nil when that is unknown.
  private func key(
    _ connection: Connection, _ row: Int, of rows: some EvaluatedConnections
  ) -> (GroupKey, GroupMember)? {
    var member = GroupMember()
    let key: GroupKey?
    switch policy.groupBy {
    case .process:
      member.process = lowestOwner(connection, rows.knownOwners(at: row))
      key = member.process.map { .process($0.identity) }
    case .container:
      member.controlGroup = rows.controlGroup(at: row)
      key = member.controlGroup?.container.map { .container($0.id) }
    case .pod:
      member.controlGroup = rows.controlGroup(at: row)
      key = member.controlGroup?.pod.map { .pod($0.uid.map { KernelName($0) } ?? $0.label) }
    case .unit: key = rows.controlGroup(at: row)?.unit.map { .unit($0) }
    case .user: key = connection.userID.map { .user($0) }
    case .peer: key = .peer(connection.peer.address.unmapped)
    case .listener:
      key = .listener(
        Endpoint(address: connection.local.address.unmapped, port: connection.local.port))
    case nil: key = .all
    // No policy can use them.
    case .localPort, .netns, .state: key = nil
    }
    return key.map { ($0, member) }
  }

  private func lowestOwner(
    _ connection: Connection, _ known: some Sequence<OwnerProcess>
  ) -> OwnerProcess? {
    switch connection.ownerless {
    // Their inode of 0 finds nobody, whoever is named.
    case .minisocket, .orphan: nil
    case .inAcceptQueue, .none: known.min { $0.pid < $1.pid }
    }
  }

  private static func label(
    _ key: GroupKey, _ member: GroupMember, _ userName: (UInt32) -> String?
  ) -> String {
    switch key {
    case .process(let identity):
      (member.process?.label ?? .label(ofProcess: nil, pid: identity.pid)).text
    case .unit(let name): name.text
    case .container(let id): (member.controlGroup?.container?.label ?? id).text
    case .pod(let id): (member.controlGroup?.pod?.label ?? id).text
    case .user(let id): userName(id) ?? String(id)
    case .peer(let address): address.description
    case .listener(let endpoint): endpoint.description
    case .all: "all"
    }
  }
}

/// How old a connection is among those of its group: how long it has been in its state or, where
/// that is unknown, idle; the age and the cookie decide between equals.
private struct Standing {
  let row: Int
  private let time: UInt64?
  private let age: UInt64
  private let cookie: UInt64

  init(_ connection: Connection, _ past: ConnectionPast?, row: Int) {
    self.row = row
    // As the plan orders what it closes; only CLOSE_WAIT has a time of its own from the kernel.
    let inState = connection.inStateAtLeast == nil ? nil : connection.inStateAtLeast(knowing: past)
    time = inState ?? connection.idle(knowing: past)
    age = past?.age ?? 0
    cookie = connection.cookie.rawValue
  }

  static func isOlder(_ one: Standing, _ other: Standing) -> Bool {
    switch (one.time, other.time) {
    case (let time?, let otherTime?) where time != otherTime: return time > otherTime
    case (_?, nil): return true
    case (nil, _?): return false
    default: break
    }
    return one.age == other.age ? one.cookie < other.cookie : one.age > other.age
  }
}
