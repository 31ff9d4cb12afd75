internal import Connections

/// Owners merged from several tables, each socket's from the table that was current when it
/// mattered.
///
/// A process whose name or user changed between two tables is listed once for each.
public struct CollectedOwners: Sendable {
  private var processes: [OwnerProcess] = []
  private var indices: [OwnerProcess: UInt32] = [:]
  private var holdings: [Holding] = []
  private var gaps: Set<ProcessGap> = []
  private var isPruned = false
  private var limits: Set<ViewLimit> = []

  /// No owners.
  public init() {}

  /// Adds the owners of `inodes` from `table`.
  public mutating func add(_ inodes: some Sequence<UInt32>, from table: OwnerTable) {
    gaps.formUnion(table.gaps)
    isPruned = isPruned || table.isPruned
    limits.formUnion(table.limits)
    var known: [UInt32?] = .init(repeating: nil, count: table.processes.count)
    for inode in inodes {
      for holding in table.holdings(of: inode) {
        let tableIndex = Int(holding.process)
        let index = known[tableIndex] ?? ownIndex(of: table.processes[tableIndex])
        known[tableIndex] = index
        holdings.append(Holding(inode: inode, process: index, descriptor: holding.descriptor))
      }
    }
  }

  /// Everything that was added, as one table.
  public var table: OwnerTable {
    OwnerTable(
      processes: processes, holdings: holdings, gaps: Array(gaps), isPruned: isPruned,
      limits: limits.sorted())
  }

  private mutating func ownIndex(of process: OwnerProcess) -> UInt32 {
    if let index = indices[process] { return index }
    let index = UInt32(processes.count)
    processes.append(process)
    indices[process] = index
    return index
  }
}
