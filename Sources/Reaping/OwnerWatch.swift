public import Connections
public import ProcessTable
import Scanning

/// Observes what the owners of closed connections do: whether they close their descriptors, and
/// whether they begin to spin.
///
/// Most programs close a descriptor within milliseconds of the error that they read from it. Some
/// never look at it again, and some event loops report it to themselves forever.
public struct OwnerWatch {
  private let processes: ProcFileSystem
  private let clock: () -> Duration
  private let sleep: (Duration) -> Void
  private let isInterrupted: () -> Bool
  /// When the plan was made, and what its owners had used then.
  private let planned: Reading
  /// The same right before the first connection was closed.
  private var begun: Reading?

  /// How much processor time processes had used at some moment.
  private struct Reading {
    let time: Duration
    let used: [ProcessIdentity: Duration]
  }

  /// When the owners are looked at, from the end of the closing on. The last look counts.
  static let looks: [Duration] = [
    .milliseconds(10), .milliseconds(50), .milliseconds(250), .milliseconds(500), .seconds(1),
  ]
  /// From this look on, the observation ends early if no owner has become busy: a loop that spins
  /// does so at once.
  static let firstLookAtLoad = Duration.milliseconds(250)
  /// By how much of a processor the load of an owner must have grown to be worth the rest of the
  /// second.
  static let suspiciousIncrease = 0.1
  /// The shortest time between plan and closing over which a load can be measured in clock ticks of
  /// 10 ms; otherwise the average since the process started counts as the load before.
  static let shortestBaseline = Duration.milliseconds(200)

  /// Starts watching the owners of what `plan` closes.
  ///
  /// - Parameters:
  ///   - clock: the time since the machine was booted (`CLOCK_BOOTTIME`).
  ///   - sleep: waits.
  ///   - isInterrupted: whether the observation has to end at once.
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

  /// Notes what the owners have used until now: the first connection is about to be closed.
  public mutating func begin() {
    begun = Self.read(Set(planned.used.keys), in: processes, at: clock())
  }

  /// Looks at the owners of `closed` connections until they have closed all descriptors, or have
  /// been quiet for a moment; for a second at most.
  ///
  /// - Parameter finding: finds the owners of sockets among some processes. Nil means that this
  ///   could not be done.
  /// - Returns: the processes that still hold a closed socket, or may hold one, in the order of
  ///   their pids.
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

  /// A socket that was closed, and the processes that held it then.
  public struct Closed {
    let inode: UInt32
    let owners: [OwnerProcess]

    /// The socket with `inode`, held by `owners`.
    public init(inode: UInt32, owners: [OwnerProcess]) {
      self.inode = inode
      self.owners = owners
    }
  }

  /// What is known of an owner so far.
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
  /// - Returns: whether the observation may go on.
  private func wait(until time: Duration) -> Bool {
    while true {
      guard !isInterrupted() else { return false }
      let left = time - clock()
      guard left > .zero else { return true }
      sleep(min(left, .milliseconds(50)))
    }
  }

  /// Looks which descriptors the holders still have, and drops the holders that have none.
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

  /// The load of each process before and since `start`, as far as it can be measured.
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

  /// The load between plan and closing or, if that was too short, since the process started.
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
