package import Connections
package import Operations
import PolicyEngine
package import Presentation
import ProcessTable
package import Scanning

/// Processes with connections that their peers have closed and they have not.
package struct LeakSurvey {
  /// How long a leaked connection must have been idle in CLOSE_WAIT, in milliseconds.
  package var limit: UInt64 = Self.defaultLimit
  /// Processes with connections leaked, in CLOSE_WAIT or idle for an hour, worst first.
  package var processes: [Process] = []
  /// Leaked connections without a known process.
  var leakedByUnknown = 0
  /// Connections in CLOSE_WAIT for an unknown time.
  package var undecided = 0

  static let defaultLimit = LeakRule.defaultLimit

  /// All leaked connections.
  package var leaked: Int { processes.reduce(leakedByUnknown) { $0 + $1.leaked } }
  /// The leaking processes.
  var leaking: [Process] { processes.filter { $0.leaked > 0 } }
  /// Connections of known processes that have been idle for at least an hour.
  package var longIdle: Int { processes.reduce(0) { $0 + $1.figures.longIdle } }

  /// One process.
  package struct Process {
    /// `java[1744]`, not escaped.
    package var label: String
    package var identity: ProcessIdentity
    package var figures = ConnectionGroup.Figures()
    package var leaked = 0
    /// A lower bound of the longest time that a leaked connection has been in CLOSE_WAIT, in
    /// milliseconds.
    package var longest: UInt64 = 0
    /// The time since an earlier run first saw the oldest leaked connection, in milliseconds; nil
    /// if none did.
    var firstSeen: UInt64?
    /// The most frequent peer of leaked connections; nil without any.
    package var peer: Peer?
    /// Nil if earlier runs did not record it.
    package var growth: Growth?
    /// Nil if unreadable or unlimited.
    package var room: DescriptorRoom?

    /// The time until its descriptors run out at this growth, in milliseconds.
    package var timeLeft: UInt64? {
      guard let room, let growth else { return nil }
      return room.timeLeft(growthPerHour: growth.perHour)
    }
  }

  /// A frequent peer.
  package struct Peer: Equatable {
    /// An address, with the port if all connections share it.
    package var name: String
    package var count: Int
  }

  /// The growth of leaks in a process that a policy has watched in several runs.
  package struct Growth: Equatable {
    /// The name of the policy.
    package var policy: String
    /// New connections per hour, at least: those since the last run are not counted.
    package var perHour: Int
    /// The time since the first of the runs, in milliseconds.
    package var time: UInt64
    /// The number of runs in which the policy acted on it or reported it.
    package var rounds: Int
    /// The number of connections in the first run.
    package var firstCount: Int
    /// Connections closed since.
    package var closed: Int
  }
}

extension LeakSurvey {
  /// Finds the leaks in `snapshot`.
  ///
  /// - Parameters:
  ///   - memory: what earlier runs recorded; nil if unknown.
  ///   - room: the descriptors of a process.
  package init(
    of snapshot: Snapshot, limit: UInt64, memory: RunMemory?,
    room: (OwnerProcess) -> DescriptorRoom?
  ) {
    self.limit = limit
    let past = memory.map(GroupsOfRuns.init)
    let rule = LeakRule(leakedAfter: limit)
    var found: [UInt32: Sample] = [:]
    for connection in snapshot.connections {
      let isLeaked = rule.isLeaked(connection, knowing: snapshot.past(of: connection))
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
      process.label = owner.label.text
      process.peer = sample.mostCommonPeer
      process.growth = sample.growth(of: owner.identity, past, now: snapshot.moment.uptime)
      if process.leaked > 0 { process.room = room(owner) }
      return process
    }.sorted(by: Self.comesBefore)
  }

  private static func comesBefore(_ lhs: Process, _ rhs: Process) -> Bool {
    if lhs.leaked != rhs.leaked { return lhs.leaked > rhs.leaked }
    let (figures, rhsFigures) = (lhs.figures, rhs.figures)
    if figures.closeWait != rhsFigures.closeWait { return figures.closeWait > rhsFigures.closeWait }
    if figures.longIdle != rhsFigures.longIdle { return figures.longIdle > rhsFigures.longIdle }
    return lhs.identity.pid < rhs.identity.pid
  }
}

/// Collects the connections of one process.
private struct Sample {
  var process = LeakSurvey.Process(
    label: "", identity: ProcessIdentity(pid: 0, startTicks: nil))
  /// The peers of leaked connections.
  private var peers = PeerTally()
  /// Existing connections that a policy had flagged, by its name.
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
      process.longest, connection.inStateAtLeast(given: past) ?? 0)
    if let past { process.firstSeen = max(process.firstSeen ?? 0, past.age) }
    peers.add(connection.identity)
  }

  var mostCommonPeer: LeakSurvey.Peer? {
    peers.mostCommon.map { LeakSurvey.Peer(name: "\($0)", count: $0.count) }
  }

  /// The growth by the policy that saw the fastest. A single run shows no growth.
  func growth(
    of identity: ProcessIdentity, _ runs: GroupsOfRuns?, now: UInt64?
  ) -> LeakSurvey.Growth? {
    guard let now, let runs else { return nil }
    let groups = runs.groups(of: .process(identity))
    let known: [LeakSurvey.Growth] = groups.compactMap { policy, group in
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
