public import Connections
public import ProcessTable
import Scanning

/// Observes whether the owners of closed connections close their descriptors and whether they begin
/// to spin.
///
/// Most programs close a descriptor within milliseconds of reading an error from it. Some never use
/// it again, and some event loops report it to themselves forever.
public struct OwnerObserver {
  private let processes: ProcFileSystem
  private let clock: () -> Duration
  private let sleep: (Duration) -> Void
  private let isInterrupted: () -> Bool
  /// The reading when the plan was made.
  private let planned: Reading
  /// The reading right before the first connection was closed.
  private var begun: Reading?

  /// The processor time that processes had used at some moment.
  private struct Reading {
    let time: Duration
    let used: [ProcessIdentity: Duration]
  }

  /// The times of the observations, from the end of the closing. The last one counts.
  static let looks: [Duration] = [
    .milliseconds(10), .milliseconds(50), .milliseconds(250), .milliseconds(500), .seconds(1),
  ]
  /// From this time on, the observation ends early if no owner is busy: a loop spins at once or not
  /// at all.
  static let firstLookAtLoad = Duration.milliseconds(250)
  /// The increase in load from which an owner is observed for the rest of the second.
  static let suspiciousIncrease = 0.1
  /// The shortest time between plan and closing over which a load can be measured in clock ticks of
  /// 10 ms. Below it, the average since the process started is the load before.
  static let shortestBaseline = Duration.milliseconds(200)

  /// Starts observing the owners of the connections that `plan` closes.
  ///
  /// - Parameters:
  ///   - clock: the time since boot (`CLOCK_BOOTTIME`).
  ///   - sleep: waits.
  ///   - isInterrupted: whether the observation has to end now.
  public init(
    _ plan: Plan, in processes: ProcFileSystem, clock: @escaping () -> Duration,
    sleep: @escaping (Duration) -> Void, isInterrupted: @escaping () -> Bool = { false }
  ) {
    self.processes = processes
    self.clock = clock
    self.sleep = sleep
    self.isInterrupted = isInterrupted
    planned = Self.read(
      Set(plan.closings.flatMap { plan.snapshot.holders(of: $0.connection).map(\.identity) }),
      in: processes, at: clock())
  }

  /// Reads the load of the owners right before the first connection is closed.
  public mutating func begin() {
    begun = Self.read(Set(planned.used.keys), in: processes, at: clock())
  }

  /// Observes the owners of `closed` connections for at most a second, or until they have closed all
  /// descriptors or are quiet.
  ///
  /// - Parameter finding: finds the owners of sockets among some processes; nil on failure.
  /// - Returns: the processes that hold or may hold a closed socket, by pid.
  public func observe(
    _ closed: [Closed], finding: (InodeSet, ProcessPruning) -> OwnerTable?
  ) -> [OwnerReaction] {
    var holders: [ProcessIdentity: Holder] = [:]
    for socket in closed {
      for owner in socket.owners {
        holders[owner.identity, default: Holder(process: owner)].inodes.insert(socket.inode)
      }
    }
    guard !holders.isEmpty else { return [] }
    let start = Self.read(Set(holders.keys), in: processes, at: clock())
    for look in Self.looks {
      guard wait(until: start.time + look) else { break }
      Self.update(&holders, finding)
      let loads = loads(of: holders.keys, since: start)
      for (identity, load) in loads { holders[identity]?.load = load }
      if holders.isEmpty { break }
      let isAnyBusy = loads.values.contains { $0.after - $0.before >= Self.suspiciousIncrease }
      if look >= Self.firstLookAtLoad, !isAnyBusy { break }
    }
    return holders.values.map(\.reaction).sorted { $0.process.pid < $1.process.pid }
  }

  /// A closed socket and the processes that held it.
  public struct Closed {
    let inode: UInt32
    let owners: [OwnerProcess]

    /// The socket with `inode`, held by `owners`.
    public init(inode: UInt32, owners: [OwnerProcess]) {
      self.inode = inode
      self.owners = owners
    }
  }

  /// The observations of one owner.
  private struct Holder {
    let process: OwnerProcess
    var inodes: Set<UInt32> = []
    var descriptors: Int?
    var load: OwnerReaction.Load?

    init(process: OwnerProcess) { self.process = process }

    var reaction: OwnerReaction {
      OwnerReaction(process: process, deadDescriptors: descriptors, load: load)
    }
  }

  /// Waits until `time`.
  ///
  /// - Returns: false if interrupted.
  private func wait(until time: Duration) -> Bool {
    while true {
      guard !isInterrupted() else { return false }
      let left = time - clock()
      guard left > .zero else { return true }
      sleep(min(left, .milliseconds(50)))
    }
  }

  /// Updates which descriptors the holders have, and drops holders without any.
  private static func update(
    _ holders: inout [ProcessIdentity: Holder],
    _ finding: (InodeSet, ProcessPruning) -> OwnerTable?
  ) {
    var inodes = InodeSet()
    for holder in holders.values { for inode in holder.inodes { inodes.insert(inode) } }
    guard let table = finding(inodes, ProcessPruning(pids: Set(holders.keys.map(\.pid)))) else {
      for identity in holders.keys { holders[identity]?.descriptors = nil }
      return
    }
    var held: [ProcessIdentity: (count: Int, inodes: Set<UInt32>)] = [:]
    for holding in table.holdings {
      let identity = table.process(of: holding).identity
      held[identity, default: (0, [])].count += 1
      held[identity, default: (0, [])].inodes.insert(holding.inode)
    }
    let unread = Set(table.gaps.map(\.pid))
    for identity in holders.keys {
      if let (count, inodes) = held[identity] {
        holders[identity]?.descriptors = unread.contains(identity.pid) ? nil : count
        holders[identity]?.inodes = inodes
      } else if unread.contains(identity.pid) {
        holders[identity]?.descriptors = nil
      } else {
        holders[identity] = nil
      }
    }
  }

  /// The load of each process before and since `start`, where it can be measured.
  private func loads(
    of identities: some Collection<ProcessIdentity>, since start: Reading
  ) -> [ProcessIdentity: OwnerReaction.Load] {
    let now = Self.read(Set(identities), in: processes, at: clock())
    let length = now.time - start.time
    guard length > .zero else { return [:] }
    var loads: [ProcessIdentity: OwnerReaction.Load] = [:]
    for (identity, used) in now.used {
      guard let atStart = start.used[identity],
        let before = loadBefore(identity, usedAtStart: atStart, at: start.time)
      else { continue }
      loads[identity] = OwnerReaction.Load(before: before, after: (used - atStart) / length)
    }
    return loads
  }

  /// The load between plan and closing or, if that time was too short, since the process started.
  private func loadBefore(
    _ identity: ProcessIdentity, usedAtStart: Duration, at time: Duration
  ) -> Double? {
    if let begun, let then = planned.used[identity], let used = begun.used[identity],
      begun.time - planned.time >= Self.shortestBaseline
    {
      return (used - then) / (begun.time - planned.time)
    }
    guard let started = processes.startTime(of: identity), time > started else { return nil }
    return usedAtStart / (time - started)
  }

  private static func read(
    _ identities: Set<ProcessIdentity>, in processes: ProcFileSystem, at time: Duration
  ) -> Reading {
    var used: [ProcessIdentity: Duration] = [:]
    for identity in identities {
      used[identity] = try? processes.processorTime(of: identity)
    }
    return Reading(time: time, used: used)
  }
}
