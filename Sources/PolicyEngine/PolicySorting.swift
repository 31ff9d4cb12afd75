internal import Connections
internal import Selection

/// Sorts connections into the groups and findings of one policy.
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

  /// The idle time from which a connection is remembered for a policy that asks for more idle time
  /// than the kernel can count, in milliseconds: an hour.
  private static let noteworthyIdle: UInt32 = 3_600_000

  /// - Parameters:
  ///   - takers: the index of the earlier policy that acts on a connection.
  ///   - isSecondLook: whether the connections are read again right before they are closed, so that
  ///     earlier runs do not matter.
  init(
    _ policy: Policy, takers: [SocketCookie: Int], history: PolicyHistory?,
    isSecondLook: Bool = false
  ) {
    self.policy = policy
    // Only the history needs it.
    rules = history == nil ? 0 : policy.rules
    match = PreparedSelection(policy.match)
    self.takers = takers
    self.history = history
    self.isSecondLook = isSecondLook
    waitsForLongIdle = policy.match.exceedsKernelIdleLimit
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
      return spare(row, .notLongEnough)
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

  /// The index of the protection that spares the first connection; nil if none does.
  var firstProtection: Int? {
    if case .protected(let index, _) = spared.first?.reason { index } else { nil }
  }

  /// Whether a connection is in a group.
  var hasMembers: Bool { !groups.isEmpty }

  /// The findings for the sorted connections.
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

  /// The newest members that the policy keeps, in increasing order.
  private func newest(of members: [Int], in rows: some EvaluatedConnections) -> [Int] {
    guard policy.keep > 0 else { return [] }
    let standing = members.map { AgeRank(rows.connection(at: $0), rows.past(at: $0), row: $0) }
    return standing.sorted(by: AgeRank.isOlder).suffix(policy.keep).map(\.row).sorted()
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

  /// Whether `connection` is worth remembering until enough time has passed.
  private func isAwaited(_ connection: Connection, _ past: ConnectionPast?) -> Bool {
    guard waitsForLongIdle, past == nil else { return true }
    return connection.idle.map { $0 >= Self.noteworthyIdle } ?? false
  }

  /// Why a flagged connection is left to later runs.
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
    // A prepared selection never matches states that `ss -a` does not show, so it cannot be used.
    policy.except.reduce(.no) {
      $0.or($1.verdict(of: connection, owners: owners, past: past))
    }
  }

  /// The first protection that certainly covers it, or else the first that may.
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

  /// Whether the connection has been in its state for long enough.
  private func age(_ connection: Connection, _ past: ConnectionPast?) -> Verdict {
    guard let minimum = policy.inState else { return .yes }
    return SelectionTerm.inState(atLeast: minimum).verdict(
      of: connection, owners: UnknownOwners(), past: past)
  }
}

/// What the label of a group needs besides its key.
private struct GroupMember {
  var process: OwnerProcess?
  var controlGroup: ControlGroup?
}

/// A group in one network namespace: the same peer in another namespace is another group.
private struct PlacedKey: Hashable {
  let key: GroupKey
  let namespace: UInt16
}

// Grouping.
extension PolicySorting {
  /// The group of `connection`, and what the label of that group needs; nil if unknown.
  private func key(
    _ connection: Connection, _ row: Int, of rows: some EvaluatedConnections
  ) -> (GroupKey, GroupMember)? {
    var member = GroupMember()
    let key: GroupKey?
    switch policy.groupBy {
    case .process:
      member.process = lowestOwner(connection, rows.knownOwners(at: row))
      key = member.process.map { .process($0.identity) }
    case .program:
      key = lowestOwner(connection, rows.knownOwners(at: row)).flatMap { Program($0) }
        .map { .program($0) }
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
    // Their inode is 0, so they have no owner.
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
    case .program(let program): program.label.text
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

/// The age of a connection within its group: its time in the state or, if unknown, its idle time,
/// then its age, then its cookie.
private struct AgeRank {
  let row: Int
  private let time: UInt64?
  private let age: UInt64
  private let cookie: UInt64

  init(_ connection: Connection, _ past: ConnectionPast?, row: Int) {
    self.row = row
    // The order of a plan. Only CLOSE_WAIT has its own time from the kernel.
    let inState = connection.inStateAtLeast == nil ? nil : connection.inStateAtLeast(given: past)
    time = inState ?? connection.idle(given: past)
    age = past?.age ?? 0
    cookie = connection.cookie.rawValue
  }

  static func isOlder(_ lhs: AgeRank, _ rhs: AgeRank) -> Bool {
    switch (lhs.time, rhs.time) {
    case (let left?, let right?) where left != right: return left > right
    case (_?, nil): return true
    case (nil, _?): return false
    default: break
    }
    return lhs.age == rhs.age ? lhs.cookie < rhs.cookie : lhs.age > rhs.age
  }
}
