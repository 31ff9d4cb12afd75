public import Connections

/// Which processes hold which sockets.
///
/// An inode without holdings is a socket without owner only by the kernel's word, an inode of 0.
/// Any other may be held where `/proc` does not show it: in another pid namespace, behind
/// `hidepid`, on its way between processes (SCM_RIGHTS), by io_uring, or by the kernel itself.
public struct OwnerTable: Sendable {
  /// The processes that hold a socket of those looked for, by pid and start.
  public let processes: [OwnerProcess]
  /// Who holds what, sorted by inode, then by process, then by descriptor.
  public let holdings: [Holding]
  /// What could not be read, sorted.
  public let gaps: [ProcessGap]
  /// Why processes may be missing from it that `/proc` does not show.
  public let limits: [ViewLimit]
  /// Whether processes were left out by a ``ProcessPruning``, so that an inode without holdings
  /// says nothing at all.
  public let isPruned: Bool

  private let index: HoldingIndex

  /// The table of these holders, in whatever order they come; one process may come in parts.
  public init(
    holders: [SocketHolder], gaps: [ProcessGap], isPruned: Bool, limits: [ViewLimit] = []
  ) {
    let sorted = holders.sorted { $0.process.precedes($1.process) }
    var processes: [OwnerProcess] = []
    var groups: Set<ControlGroup> = []
    var holdings: [Holding] = []
    holdings.reserveCapacity(sorted.reduce(0) { $0 + $1.sockets.count })
    for holder in sorted {
      if processes.last?.identity != holder.process.identity {
        processes.append(holder.process.sharing(&groups))
      }
      let index = UInt32(processes.count - 1)
      for socket in holder.sockets {
        holdings.append(
          Holding(inode: socket.inode, process: index, descriptor: socket.descriptor))
      }
    }
    holdings.sort()
    self.processes = processes
    self.holdings = holdings.withoutRepeats()
    index = HoldingIndex(self.holdings)
    self.gaps = gaps.sorted().withoutRepeats()
    self.isPruned = isPruned
    self.limits = limits
  }

  /// The table of these holdings, whose indices are of `processes`.
  init(
    processes: [OwnerProcess], holdings: [Holding], gaps: [ProcessGap], isPruned: Bool,
    limits: [ViewLimit]
  ) {
    let order = processes.indices.sorted { processes[$0].precedes(processes[$1]) }
    var places = [UInt32](repeating: 0, count: order.count)
    for (place, index) in order.enumerated() { places[index] = UInt32(place) }
    self.processes = order.map { processes[$0] }
    self.holdings = holdings.map {
      Holding(
        inode: $0.inode, process: places[Int($0.process)], descriptor: $0.descriptor)
    }.sorted().withoutRepeats()
    index = HoldingIndex(self.holdings)
    self.gaps = gaps.sorted().withoutRepeats()
    self.isPruned = isPruned
    self.limits = limits
  }

  /// Whether every descriptor of every process was read.
  public var isComplete: Bool { gaps.isEmpty && !isPruned && limits.isEmpty }

  /// Who holds the socket with `inode`: by process, then by descriptor.
  public func holdings(of inode: UInt32) -> ArraySlice<Holding> {
    guard let start = index.start(of: inode, in: holdings) else { return [] }
    var end = start + 1
    while end < holdings.count, holdings[end].inode == inode { end += 1 }
    return holdings[start..<end]
  }

  /// Fetches what is known of some sockets into the processor's cache, for who asks for it soon.
  ///
  /// Of a million sockets each question waits for memory; these waits are at the same time.
  public func prefetch(_ inodes: [UInt32]) {
    index.prefetch(inodes, in: holdings)
  }

  /// The process that `holding`, one of this table's, is of.
  public func process(of holding: Holding) -> OwnerProcess { processes[Int(holding.process)] }
}

/// One descriptor of one process that is a socket: a row of an ``OwnerTable``.
public struct Holding: Hashable, Sendable {
  /// The socket's inode.
  public let inode: UInt32
  /// The process, as an index of ``OwnerTable/processes``.
  public let process: UInt32
  /// The descriptor; see ``HeldSocket/descriptor``.
  public let descriptor: Int32

  init(inode: UInt32, process: UInt32, descriptor: Int32) {
    self.inode = inode
    self.process = process
    self.descriptor = descriptor
  }
}

extension Holding: Comparable {
  /// By inode, then by process, then by descriptor.
  public static func < (one: Holding, other: Holding) -> Bool {
    if one.inode != other.inode { return one.inode < other.inode }
    if one.process != other.process { return one.process < other.process }
    return one.descriptor < other.descriptor
  }
}

extension OwnerProcess {
  /// The same, with the texts of its cgroup those of an equal one that came before.
  fileprivate func sharing(_ groups: inout Set<ControlGroup>) -> OwnerProcess {
    OwnerProcess(
      identity: identity, name: name, executable: executable, userID: userID,
      controlGroup: controlGroup.map { groups.insert($0).memberAfterInsert })
  }

  /// By pid, then by start, an unknown one first.
  fileprivate func precedes(_ other: OwnerProcess) -> Bool {
    guard pid == other.pid else { return pid < other.pid }
    switch (identity.startTicks, other.identity.startTicks) {
    case (let start?, let otherStart?): return start < otherStart
    case (nil, _?): return true
    case (_, nil): return false
    }
  }
}

extension Array where Element: Equatable {
  /// The array without an element that is equal to the one before it.
  fileprivate func withoutRepeats() -> Self {
    guard zip(self, dropFirst()).contains(where: ==) else { return self }
    var unique: Self = []
    for element in self where element != unique.last { unique.append(element) }
    return unique
  }
}
