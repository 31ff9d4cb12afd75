internal import Connections
internal import Selection

/// Puts the connections that one policy sees where they belong, one by one.
struct PolicySorting {
  private let policy: Policy
  private let match: PreparedSelection
  private let takers: [SocketCookie: Int]
  private var groups: [GroupKey: (rows: [Int], process: OwnerProcess?)] = [:]
  private var spared: [SparedConnection] = []
  private var excludedCount = 0
  private var undecided = UndecidedCounts()

  /// - Parameter takers: which earlier policy acts on a connection.
  init(_ policy: Policy, takers: [SocketCookie: Int]) {
    self.policy = policy
    match = PreparedSelection(policy.match)
    self.takers = takers
  }

  mutating func sort(_ row: Int, of rows: some EvaluatedConnections) {
    let connection = rows.connection(at: row)
    guard match.stateMask.contains(connection.state) else { return }
    let owners = rows.owners(at: row)
    switch match.verdict(of: connection, owners: owners) {
    case .no: return
    case .unknown: return undecided.match += 1
    case .yes: break
    }
    switch exception(connection, owners) {
    case .yes: return excludedCount += 1
    case .unknown: return undecided.exception += 1
    case .no: break
    }
    if let protection = protection(connection, owners) { return spare(row, protection) }
    switch age(connection) {
    case .no: return spare(row, .tooYoung)
    case .unknown: return undecided.inState += 1
    case .yes: break
    }
    let owner =
      policy.groupBy == .process ? lowestOwner(connection, rows.knownOwners(at: row)) : nil
    guard let key = key(connection, owner, { rows.controlGroup(at: row) }) else {
      return undecided.owner += 1
    }
    if let taker = takers[connection.cookie] { return spare(row, .taken(by: taker)) }
    groups[key, default: ([], owner)].rows.append(row)
  }

  /// Whether a connection found its place in a group.
  var hasMembers: Bool { !groups.isEmpty }

  /// The findings of all that was sorted.
  func findings(userName: (UInt32) -> String?) -> PolicyFindings {
    let groups = groups.map { key, members in
      FindingGroup(
        key: key, label: Self.label(key, members.process, userName), rows: members.rows,
        threshold: policy.threshold)
    }.sorted(by: FindingGroup.comesBefore)
    let count = groups.filter { $0.decision == .act }.reduce(0) { $0 + $1.rows.count }
    let isRefused = policy.action != .report && count > policy.limit
    return PolicyFindings(
      policy: policy, groups: groups, spared: spared, excludedCount: excludedCount,
      undecided: undecided,
      refusal: isRefused ? LimitRefusal(count: count, limit: policy.limit) : nil)
  }

  private mutating func spare(_ row: Int, _ reason: SparedConnection.Reason) {
    spared.append(SparedConnection(row: row, reason: reason))
  }

  private func exception(_ connection: Connection, _ owners: some OwnerFacts) -> Verdict {
    // A prepared selection is a plain no in states that `ss -a` does not show; so not here.
    policy.except.reduce(.no) { $0.or($1.verdict(of: connection, owners: owners)) }
  }

  /// The first protection that covers it or, when none does for certain, the first that may.
  private func protection(
    _ connection: Connection, _ owners: some OwnerFacts
  ) -> SparedConnection.Reason? {
    var possible: Int?
    for (index, protection) in policy.protect.enumerated() {
      switch protection.predicate.verdict(of: connection, owners: owners) {
      case .yes: return .protected(by: index, certain: true)
      case .unknown: possible = possible ?? index
      case .no: break
      }
    }
    return possible.map { .protected(by: $0, certain: false) }
  }

  /// Whether it has been in its state for long enough.
  private func age(_ connection: Connection) -> Verdict {
    guard let least = policy.inState else { return .yes }
    return SelectionTerm.inState(atLeast: least).verdict(of: connection, owners: OwnersUnknown())
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

  /// The group that it belongs to; nil when that is unknown.
  private func key(
    _ connection: Connection, _ owner: OwnerProcess?, _ controlGroup: () -> ControlGroup?
  ) -> GroupKey? {
    switch policy.groupBy {
    case .unit: controlGroup()?.unit.map { .unit($0) }
    case .container: controlGroup()?.container.map { .container($0) }
    case .process: owner.map { .process($0.identity) }
    case .user: connection.userID.map { .user($0) }
    case .peer: .peer(Self.unmapped(connection.peer.address))
    case .listener:
      .listener(
        Endpoint(
          address: Self.unmapped(connection.local.address), port: connection.local.port))
    case .none: .all
    }
  }

  private static func unmapped(_ address: IPAddress) -> IPAddress {
    address.isV4OrMapped ? IPAddress(bits: address.bits, family: .ipv4) : address
  }

  private static func label(
    _ key: GroupKey, _ process: OwnerProcess?, _ userName: (UInt32) -> String?
  ) -> String {
    switch key {
    case .process(let identity):
      "\(process?.name ?? process?.executableName ?? "?")[\(identity.pid)]"
    case .unit(let name): name
    case .container(let id): String(id.prefix(12))
    case .user(let id): userName(id) ?? String(id)
    case .peer(let address): address.description
    case .listener(let endpoint): endpoint.description
    case .all: "all"
    }
  }
}
