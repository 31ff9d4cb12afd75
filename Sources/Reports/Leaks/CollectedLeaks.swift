import Connections
import Operations
import PolicyEngine
import Presentation
import ProcessTable
import Scanning

/// Collects the connections of one group.
struct CollectedLeaks {
  private var figures = ConnectionGroup.Figures()
  private var leakedIdle = 0
  private var ages = LeakAges()
  private var firstSeen: UInt64?
  private var peers = PeerTally()
  private var ports: [UInt16: Int] = [:]
  private var users: [UInt32: Int] = [:]
  private var namespaces: Set<UInt16> = []
  private var processes: [ProcessIdentity: ProcessLeaks] = [:]
  /// Existing connections that a policy had flagged, by its name.
  private var flagged: [SocketCookie] = []

  /// The connections of one process.
  private struct ProcessLeaks {
    var owner: OwnerProcess
    var ages = LeakAges()
    var counted = 0
  }

  /// What the connections of a group have in common.
  enum Key: Hashable {
    case known(GroupKey)
    case none(GroupingKey.Reason)

    /// The key of `connection`; nil if its process is unknown but needed.
    init?(
      of connection: Connection, heldBy process: OwnerProcess?, by grouping: Grouping,
      in snapshot: Snapshot
    ) {
      if grouping == .peer {
        self = .known(.peer(connection.peer.address.unmapped))
      } else if let process {
        self.init(of: process, by: grouping)
      } else {
        return nil
      }
    }

    /// The key of a process; nil for groups that do not depend on it.
    init?(of process: OwnerProcess, by grouping: Grouping) {
      let group = process.controlGroup
      switch grouping {
      case .process: self = .known(.process(process.identity))
      case .program: self = Program(process).map { .known(.program($0)) } ?? .none(.ownerUnknown)
      case .unit: self = group?.unit.map { .known(.unit($0)) } ?? .none(.noUnit)
      case .container:
        self = group?.container.map { .known(.container($0.id)) } ?? .none(.noContainer)
      case .pod:
        self =
          group?.pod.map { .known(.pod($0.uid.map { KernelName($0) } ?? $0.label)) }
          ?? .none(.noPod)
      case .peer, .localPort, .listener, .user, .netns, .state: return nil
      }
    }
  }

  /// Counts `connection`.
  mutating func add(
    _ connection: Connection, isLeaked: Bool, past: ConnectionPast?, process: OwnerProcess?,
    in snapshot: Snapshot
  ) {
    figures.add(connection)
    if past != nil { flagged.append(connection.cookie) }
    if let process {
      processes[process.identity, default: ProcessLeaks(owner: process)].counted +=
        connection.state == .closeWait || isLeaked ? 1 : 0
    }
    guard isLeaked else { return }
    let (least, most) = Self.age(of: connection, knowing: past)
    ages.add(least: least, most: most)
    if let process { processes[process.identity]?.ages.add(least: least, most: most) }
    if connection.state == .established { leakedIdle += 1 }
    if let past { firstSeen = max(firstSeen ?? 0, past.age) }
    peers.add(connection.identity)
    namespaces.insert(connection.namespace)
    if let user = connection.userID { users[user, default: 0] += 1 }
    if !snapshot.listeners(for: connection).isEmpty {
      ports[connection.identity.localPort, default: 0] += 1
    }
  }

  /// Adds a process that has only dead descriptors.
  mutating func add(_ process: OwnerProcess) {
    if processes[process.identity] == nil {
      processes[process.identity] = ProcessLeaks(owner: process)
    }
  }

  /// The least and the greatest time since `connection` leaked.
  ///
  /// In CLOSE-WAIT, no data has arrived since. For an idle connection, it is the idle time.
  private static func age(
    of connection: Connection, knowing past: ConnectionPast?
  ) -> (least: UInt64, most: UInt64?) {
    guard connection.state == .closeWait else {
      let idle = connection.idle(given: past) ?? 0
      return (idle, idle)
    }
    return (
      connection.inStateAtLeast(given: past) ?? 0, connection.inStateAtMost.map(UInt64.init)
    )
  }

  /// The group, also if nothing in it is leaked or dead.
  func group(
    _ key: Key, rule: LeakRule, dead: DeadDescriptors?, in snapshot: Snapshot, runs: GroupsOfRuns?
  ) -> LeakGroup {
    let ordered = processes.values.sorted {
      ($0.ages.count, $0.counted, $1.owner.pid) > ($1.ages.count, $1.counted, $0.owner.pid)
    }
    let counts = ordered.map { dead?.count(of: $0.owner.identity) }
    var group = LeakGroup(key: key.known, label: Self.label(of: key, first: ordered.first?.owner))
    group.figures = figures
    group.leaked = ages.count
    group.leakedIdle = leakedIdle
    group.namespaces = namespaces
    group.userID = users.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    group.longest = ages.longest
    group.growth = ages.growth(of: rule.limit) ?? historicGrowth(of: key, runs, in: snapshot)
    group.processes = zip(ordered, counts).map { leaks, dead in
      var process = LeakGroup.Process(owner: leaks.owner)
      process.leaked = leaks.ages.count
      process.counted = leaks.counted
      process.dead = dead
      process.growth = ordered.count == 1 ? group.growth : leaks.ages.growth(of: rule.limit)
      return process
    }
    group.dead =
      processes.isEmpty
      ? nil : counts.reduce(0) { sum, count in sum.flatMap { s in count.map { s + $0 } } }
    let controlGroup = ordered.first?.owner.controlGroup
    if key.isOfProcesses {
      group.container = controlGroup?.container
      group.pod = controlGroup?.pod
      group.unit = group.container == nil ? controlGroup?.unit : nil
    }
    group.peers = peers.most(LeakGroup.maximumPeers).map {
      LeakGroup.Peer(name: "\($0)", count: $0.count)
    }
    group.acceptedPort = ports.max { ($0.value, $1.key) < ($1.value, $0.key) }
      .map { LeakGroup.AcceptedPort(port: $0.key, count: $0.value) }
    return group
  }

  /// The growth by the policy that saw the fastest. A single run shows no growth.
  private func historicGrowth(
    of key: Key, _ runs: GroupsOfRuns?, in snapshot: Snapshot
  ) -> LeakGrowth? {
    guard let runs, let now = snapshot.moment.uptime, let key = key.known else { return nil }
    return runs.groups(of: key).compactMap { policy, group -> LeakGrowth? in
      guard group.rounds > 1 else { return nil }
      let count = flagged.count { runs.hasFlagged($0, by: policy) }
      return group.growthPerHour(count: count, at: now).map {
        LeakGrowth(
          perHour: Double($0), isLowerBound: true, basis: .history, time: now - group.firstRound)
      }
    }.max { $0.perHour < $1.perHour }
  }

  private static func label(of key: Key, first: OwnerProcess?) -> KernelName {
    switch key {
    case .none(let reason): KernelName(reason.text)
    case .known(.process(let identity)): first?.label ?? .label(ofProcess: nil, pid: identity.pid)
    case .known(.program(let program)): program.name
    case .known(.unit(let name)): name
    case .known(.container(let id)): first?.controlGroup?.container?.label ?? id
    case .known(.pod(let id)): first?.controlGroup?.pod?.label ?? id
    case .known(.peer(let address)): KernelName(address.description)
    case .known(.user(let id)): KernelName("\(id)")
    case .known(.listener(let end)): KernelName(end.description)
    case .known(.all): "all"
    }
  }
}

extension CollectedLeaks.Key {
  fileprivate var known: GroupKey? {
    if case .known(let key) = self { key } else { nil }
  }

  /// Whether the group consists of processes of one place.
  fileprivate var isOfProcesses: Bool {
    switch self {
    case .known(.process), .known(.program), .known(.unit), .known(.container), .known(.pod): true
    default: false
    }
  }
}

extension LeakRule {
  /// The age from which a connection counts as leaked, in milliseconds.
  fileprivate var limit: UInt64 { idle.map { min($0, leakedAfter) } ?? leakedAfter }
}
