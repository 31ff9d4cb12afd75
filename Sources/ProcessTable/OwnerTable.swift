public import Connections

/// Which processes hold which sockets.
///
/// Only an inode of 0 means that a socket has no owner. Any other inode without holdings may be
/// held where `/proc` does not show it: in another pid namespace, behind `hidepid`, in transit
/// between processes (SCM_RIGHTS), by io_uring, or by the kernel itself.
public struct OwnerTable: Sendable {
  /// The processes that hold a wanted socket, sorted by pid and start time.
  public let processes: [OwnerProcess]
  /// The holdings, sorted by inode, process and descriptor.
  public let holdings: [Holding]
  /// What could not be read, sorted.
  public let gaps: [ProcessGap]
  /// Why `/proc` may hide processes from the reader.
  public let limits: [ViewLimit]
  /// Whether a ``ProcessPruning`` left out processes. Then an inode without holdings may have an
  /// owner.
  public let isPruned: Bool

  private let index: HoldingIndex

  /// The table of these holders, in any order. A process may appear in several of them.
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

  /// The table of these holdings, which refer to `processes` by index.
  init(
    processes: [OwnerProcess], holdings: [Holding], gaps: [ProcessGap], isPruned: Bool,
    limits: [ViewLimit]
  ) {
    let order = processes.indices.sorted { processes[$0].precedes(processes[$1]) }
    var newIndices = [UInt32](repeating: 0, count: order.count)
    for (newIndex, index) in order.enumerated() { newIndices[index] = UInt32(newIndex) }
    self.processes = order.map { processes[$0] }
    self.holdings = holdings.map {
      Holding(
        inode: $0.inode, process: newIndices[Int($0.process)], descriptor: $0.descriptor)
    }.sorted().withoutRepeats()
    index = HoldingIndex(self.holdings)
    self.gaps = gaps.sorted().withoutRepeats()
    self.isPruned = isPruned
    self.limits = limits
  }

  /// Whether every descriptor of every process was read.
  public var isComplete: Bool { gaps.isEmpty && !isPruned && limits.isEmpty }

  /// The holdings of the socket with `inode`, sorted by process and descriptor.
  public func holdings(of inode: UInt32) -> ArraySlice<Holding> {
    guard let start = index.start(of: inode, in: holdings) else { return [] }
    var end = start + 1
    while end < holdings.count, holdings[end].inode == inode { end += 1 }
    return holdings[start..<end]
  }

  /// The process of `holding`, which must come from this table.
  public func process(of holding: Holding) -> OwnerProcess { processes[Int(holding.process)] }
}

/// One socket descriptor of one process: a row of an ``OwnerTable``.
public struct Holding: Hashable, Sendable {
  /// The socket's inode.
  public let inode: UInt32
  /// The process, as an index into ``OwnerTable/processes``.
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
  /// Orders by inode, process and descriptor.
  public static func < (lhs: Holding, rhs: Holding) -> Bool {
    if lhs.inode != rhs.inode { return lhs.inode < rhs.inode }
    if lhs.process != rhs.process { return lhs.process < rhs.process }
    return lhs.descriptor < rhs.descriptor
  }
}

extension OwnerProcess {
  /// The same process, sharing the strings of its cgroup with an equal one in `groups`.
  fileprivate func sharing(_ groups: inout Set<ControlGroup>) -> OwnerProcess {
    replacing(controlGroup: controlGroup.map { groups.insert($0).memberAfterInsert })
  }

  /// Orders by pid and start time, an unknown one first.
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
  /// The array without adjacent duplicates.
  fileprivate func withoutRepeats() -> Self {
    guard zip(self, dropFirst()).contains(where: ==) else { return self }
    var unique: Self = []
    for element in self where element != unique.last { unique.append(element) }
    return unique
  }
}
