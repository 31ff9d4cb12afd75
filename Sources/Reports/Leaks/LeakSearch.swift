package import Connections
package import Operations
import PolicyEngine
package import Presentation
import ProcessTable
package import Scanning

/// Leaked connections in groups, worst first.
package struct LeakSearch {
  package let rule: LeakRule
  package let grouping: Grouping
  package private(set) var groups: [LeakGroup] = []
  /// Groups whose connections may still leak, to compare with a later search.
  private var others: [LeakGroup] = []
  /// All examined connections.
  package private(set) var connectionCount = 0
  /// The programs that hold them.
  package private(set) var programCount = 0
  /// Leaked connections without a known process.
  package private(set) var leakedByUnknown = 0
  /// Connections whose time in CLOSE-WAIT, or idle time, is unknown.
  package private(set) var undecided = 0
  /// ESTABLISHED connections idle for at least an hour, and the process that holds most of them.
  package private(set) var longIdle: (count: Int, label: KernelName?) = (0, nil)

  /// The groupings of `leaks --by`.
  package static let groupings: [Grouping] = [
    .program, .process, .unit, .container, .pod, .peer,
  ]

  /// All leaked connections in groups.
  package var leaked: Int { groups.reduce(0) { $0 + $1.leaked } }
  /// All dead descriptors; nil if any are unknown.
  package var dead: Int? {
    groups.reduce(0) { sum, group in sum.flatMap { sum in group.dead.map { sum + $0 } } }
  }

  /// Finds the leaks in `snapshot`.
  ///
  /// - Parameters:
  ///   - dead: the dead descriptors of all processes; nil if unknown.
  ///   - memory: what earlier runs recorded; nil if unknown.
  package init(
    in snapshot: Snapshot, by grouping: Grouping, rule: LeakRule, dead: DeadDescriptors?,
    memory: RunMemory?
  ) {
    self.rule = rule
    self.grouping = grouping
    var collected: [CollectedLeaks.Key: CollectedLeaks] = [:]
    var idle: [UInt32: Int] = [:]
    var programs: Set<Program> = []
    var isCounted = [Bool](repeating: false, count: snapshot.owners?.processes.count ?? 0)
    connectionCount = snapshot.connections.count { $0.state != .listen }
    for connection in snapshot.connections where connection.state != .listen {
      let past = snapshot.past(of: connection)
      let owner = Self.owner(of: connection, in: snapshot)
      if let owner, !isCounted[Int(owner)] {
        isCounted[Int(owner)] = true
        if let program = snapshot.owners.flatMap({ Program($0.processes[Int(owner)]) }) {
          programs.insert(program)
        }
      }
      if connection.state == .established,
        connection.idle.map({ $0 >= ConnectionGroup.Figures.idleLimit }) == true
      {
        longIdle.count += 1
        if let owner { idle[owner, default: 0] += 1 }
      }
      let isLeaked = rule.isLeaked(connection, knowing: past)
      if isLeaked == nil { undecided += 1 }
      guard rule.counts(connection) else { continue }
      let process = owner.flatMap { snapshot.owners?.processes[Int($0)] }
      let key = CollectedLeaks.Key(
        of: connection, heldBy: process, by: grouping, in: snapshot)
      if process == nil, isLeaked == true { leakedByUnknown += 1 }
      guard let key else { continue }
      collected[key, default: CollectedLeaks()].add(
        connection, isLeaked: isLeaked == true, past: past, process: process, in: snapshot)
    }
    programCount = programs.count
    if let most = idle.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) {
      longIdle.label = snapshot.owners?.processes[Int(most.key)].label
    }
    for process in dead?.processes.values ?? [:].values {
      guard let key = CollectedLeaks.Key(of: process, by: grouping) else { continue }
      collected[key, default: CollectedLeaks()].add(process)
    }
    let runs = memory.map(GroupsOfRuns.init)
    for (key, leaks) in collected {
      let group = leaks.group(key, rule: rule, dead: dead, in: snapshot, runs: runs)
      if group.isLeaking { groups.append(group) } else { others.append(group) }
    }
    groups.sort(by: Self.comesBefore)
  }

  /// The owner of `connection` with the lowest pid, as an index; nil if unknown.
  private static func owner(of connection: Connection, in snapshot: Snapshot) -> UInt32? {
    guard case .process(let index) = Grouping.process.key(of: connection, in: snapshot) else {
      return nil
    }
    return index
  }

  private static func comesBefore(_ lhs: LeakGroup, _ rhs: LeakGroup) -> Bool {
    if lhs.leaked != rhs.leaked { return lhs.leaked > rhs.leaked }
    if lhs.dead != rhs.dead { return (lhs.dead ?? 0) > (rhs.dead ?? 0) }
    if lhs.label != rhs.label { return lhs.label < rhs.label }
    return (lhs.processes.first?.owner.pid ?? 0) < (rhs.processes.first?.owner.pid ?? 0)
  }
}

extension LeakSearch {
  /// The most processes of a group whose descriptors are counted, those that leak most.
  private static let examinedProcesses = 16

  /// Reads how many descriptors the processes of each group have.
  package mutating func readDescriptors(_ room: (OwnerProcess) -> DescriptorRoom?) {
    for group in groups.indices {
      for index in groups[group].processes.indices.prefix(Self.examinedProcesses) {
        let found = room(groups[group].processes[index].owner)
        groups[group].processes[index].openDescriptors = found?.open
        groups[group].processes[index].descriptorLimit = found?.limit
      }
    }
  }

  /// Replaces the growth by the one since `first`, which found the same kind of groups `time`
  /// milliseconds earlier.
  package mutating func measureGrowth(since first: LeakSearch, after time: UInt64) {
    var earlier: [LeakGroup.Identity: LeakGroup] = [:]
    for group in first.groups + first.others { earlier[group.identity] = group }
    for index in groups.indices {
      let old = earlier[groups[index].identity]
      groups[index].growth = .observed(
        from: old?.counted ?? 0, to: groups[index].counted, after: time)
      var counts: [ProcessIdentity: Int] = [:]
      for process in old?.processes ?? [] { counts[process.owner.identity] = process.counted }
      for process in groups[index].processes.indices {
        let now = groups[index].processes[process]
        groups[index].processes[process].growth = .observed(
          from: counts[now.owner.identity] ?? 0, to: now.counted, after: time)
      }
    }
  }
}

extension LeakRule {
  /// Whether `connection` is in a state in which it can leak.
  func counts(_ connection: Connection) -> Bool {
    connection.state == .closeWait || idle != nil && connection.state == .established
  }
}

extension LeakGroup {
  /// Identifies a group in two searches.
  package struct Identity: Hashable {
    let key: GroupKey?
    let label: KernelName
  }

  /// Whether a connection has leaked, or a descriptor is dead.
  fileprivate var isLeaking: Bool { leaked > 0 || processes.contains { ($0.dead ?? 0) > 0 } }

  package var identity: Identity { Identity(key: key, label: label) }

  /// All connections in CLOSE-WAIT and, if they count, those that are idle.
  package var counted: Int { figures.closeWait + leakedIdle }
}
