package import Connections
package import Operations
import PolicyEngine
package import Presentation
import ProcessTable
package import Scanning

/// Which processes have connections that their peers have closed and that they do not close.
package struct LeakSurvey {
  /// For how long a connection must have been in CLOSE_WAIT, and moved nothing, to count as leaked,
  /// in milliseconds.
  package var limit: UInt64 = Self.usualLimit
  /// Processes with connections that leaked, are in CLOSE_WAIT or idle for an hour: the worst first.
  package var processes: [Process] = []
  /// Leaked connections of which no process is known to hold them.
  var leakedByUnknown = 0
  /// Connections in CLOSE_WAIT of which it is unknown for how long.
  package var undecided = 0

  /// A minute: a program that is still at work on what it was sent closes earlier, as a rule.
  static let usualLimit: UInt64 = 60_000

  /// All leaked connections.
  package var leaked: Int { processes.reduce(leakedByUnknown) { $0 + $1.leaked } }
  /// The processes that leak.
  var leaking: [Process] { processes.filter { $0.leaked > 0 } }
  /// Idle for an hour or longer, of processes that are known.
  package var longIdle: Int { processes.reduce(0) { $0 + $1.figures.longIdle } }

  /// One process.
  package struct Process {
    /// `java[1744]`, as the process chose it.
    package var label: String
    package var identity: ProcessIdentity
    package var figures = ConnectionGroup.Figures()
    package var leaked = 0
    /// The longest time in CLOSE_WAIT of what leaked, at the least, in milliseconds.
    package var longest: UInt64 = 0
    /// Since earlier runs first saw the oldest of what leaked, in milliseconds; nil when they did not.
    var firstSeen: UInt64?
    /// The peer that most of what leaked leads to; nil when nothing leaked.
    package var peer: Peer?
    /// Nil when earlier runs do not tell.
    package var growth: Growth?
    /// Nil when it could not be read, or has no limit.
    package var room: DescriptorRoom?

    /// How long its descriptors last at the rate at which it leaks, in milliseconds.
    package var timeLeft: UInt64? {
      guard let room, let growth else { return nil }
      return room.timeLeft(growthPerHour: growth.perHour)
    }
  }

  /// Where connections lead to.
  package struct Peer: Equatable {
    /// An address, and the port where all have the same.
    package var name: String
    package var count: Int
  }

  /// How fast connections came to a process that a policy has watched in several runs.
  package struct Growth: Equatable {
    /// Of the policy.
    package var policy: String
    /// How many an hour, at the least: what came since the last run is not counted.
    package var perHour: Int
    /// Since the first of the runs, in milliseconds.
    package var time: UInt64
    /// In how many runs the policy acted on it, or reported it.
    package var rounds: Int
    /// How many connections there were in the first.
    package var firstCount: Int
    /// How many were closed since.
    package var closed: Int
  }
}

extension LeakSurvey {
  /// The leaks among the connections of `snapshot`.
  ///
  /// - Parameters:
  ///   - memory: what earlier runs remember; nil when that is unknown.
  ///   - room: the descriptors of a process.
  package init(
    of snapshot: Snapshot, limit: UInt64, memory: RunMemory?,
    room: (OwnerProcess) -> DescriptorRoom?
  ) {
    self.limit = limit
    let past = memory.map(GroupsOfRuns.init)
    var found: [UInt32: Sample] = [:]
    for connection in snapshot.connections {
      let isLeaked = Self.isLeaked(connection, knowing: snapshot.past(of: connection), limit)
      if isLeaked == nil { undecided += 1 }
      guard case .process(let index) = Grouping.process.key(of: connection, in: snapshot) else {
        if isLeaked == true { leakedByUnknown += 1 }
        continue
      }
      found[index, default: Sample()].add(
        connection, isLeaked: isLeaked == true, past: snapshot.past(of: connection), past)
    }
    let owners = snapshot.owners?.processes ?? []
    processes = found.compactMap { index, sample in
      guard sample.process.figures.closeWait > 0 || sample.process.figures.longIdle > 0 else {
        return nil
      }
      let owner = owners[Int(index)]
      var process = sample.process
      process.identity = owner.identity
      process.label = "\(owner.name ?? owner.executableName ?? "?")[\(owner.pid)]"
      process.peer = sample.mostCommonPeer
      process.growth = sample.growth(of: owner.identity, past, now: snapshot.moment.uptime)
      if process.leaked > 0 { process.room = room(owner) }
      return process
    }.sorted(by: Self.comesBefore)
  }

  /// Whether `connection` is one that its peer has closed for so long and the program has not: nil
  /// when that is unknown.
  ///
  /// One on which the program still sends what it was asked for is not: payload moves.
  private static func isLeaked(
    _ connection: Connection, knowing past: ConnectionPast?, _ limit: UInt64
  ) -> Bool? {
    guard connection.state == .closeWait else { return false }
    guard let inState = connection.inStateAtLeast(knowing: past),
      let idle = connection.idle(knowing: past)
    else { return nil }
    return inState >= limit && idle >= limit
  }

  private static func comesBefore(_ one: Process, _ other: Process) -> Bool {
    if one.leaked != other.leaked { return one.leaked > other.leaked }
    let (figures, others) = (one.figures, other.figures)
    if figures.closeWait != others.closeWait { return figures.closeWait > others.closeWait }
    if figures.longIdle != others.longIdle { return figures.longIdle > others.longIdle }
    return one.identity.pid < other.identity.pid
  }
}

/// The connections of one process, as they are looked at.
private struct Sample {
  var process = LeakSurvey.Process(
    label: "", identity: ProcessIdentity(pid: 0, startTicks: nil))
  /// Where to what leaked leads.
  private var peers = PeerTally()
  /// How many are there that a policy had flagged, by its name.
  private var flagged: [String: Int] = [:]

  mutating func add(
    _ connection: Connection, isLeaked: Bool, past: ConnectionPast?, _ runs: GroupsOfRuns?
  ) {
    process.figures.add(connection)
    if past != nil, let runs {
      for policy in runs.policies where runs.hasFlagged(connection.cookie, by: policy) {
        flagged[policy, default: 0] += 1
      }
    }
    guard isLeaked else { return }
    process.leaked += 1
    process.longest = max(
      process.longest, connection.inStateAtLeast(knowing: past) ?? 0)
    if let past { process.firstSeen = max(process.firstSeen ?? 0, past.age) }
    peers.add(connection.identity)
  }

  var mostCommonPeer: LeakSurvey.Peer? {
    peers.mostCommon.map { LeakSurvey.Peer(name: "\($0)", count: $0.count) }
  }

  /// What the policy knows that has seen most come. One run alone tells no growth.
  func growth(
    of identity: ProcessIdentity, _ runs: GroupsOfRuns?, now: UInt64?
  ) -> LeakSurvey.Growth? {
    guard let now, let runs else { return nil }
    let known: [LeakSurvey.Growth] = runs.groups(of: identity).compactMap { policy, group in
      guard group.rounds > 1,
        let perHour = group.growthPerHour(count: flagged[policy] ?? 0, at: now)
      else { return nil }
      return LeakSurvey.Growth(
        policy: policy, perHour: perHour, time: now - group.firstRound, rounds: group.rounds,
        firstCount: group.firstCount, closed: group.closed)
    }
    return known.max { ($0.perHour, $0.rounds, $1.policy) < ($1.perHour, $1.rounds, $0.policy) }
  }
}

/// What earlier runs remember, by policy.
private struct GroupsOfRuns {
  /// The names of policies that group by process, or whatever else.
  let policies: [String]
  private let memory: RunMemory

  init(_ memory: RunMemory) {
    self.memory = memory
    policies = Set(memory.groups.keys.map(\.policy)).sorted()
  }

  func hasFlagged(_ cookie: SocketCookie, by policy: String) -> Bool {
    memory.flags[FlagKey(policy: policy, cookie: cookie)] != nil
  }

  func groups(of process: ProcessIdentity) -> [(policy: String, group: RememberedGroup)] {
    let member = GroupKey.process(process).identifier
    return policies.compactMap { policy in
      memory.groups[RememberedGroupKey(policy: policy, group: member)].map { (policy, $0) }
    }
  }
}
