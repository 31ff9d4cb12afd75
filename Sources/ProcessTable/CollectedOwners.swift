internal import Connections

/// Owners from several tables, each socket's from the table that was the latest when it mattered.
///
/// A process whose name or user changed between two tables is in the result once for each.
public struct CollectedOwners: Sendable {
  private var processes: [OwnerProcess] = []
  private var places: [OwnerProcess: UInt32] = [:]
  private var holdings: [Holding] = []
  private var gaps: Set<ProcessGap> = []
  private var isPruned = false
  private var limits: Set<ViewLimit> = []

  /// No owners.
  public init() {}

  /// Adds what `table` says of `inodes`.
  public mutating func add(_ inodes: some Sequence<UInt32>, from table: OwnerTable) {
    gaps.formUnion(table.gaps)
    isPruned = isPruned || table.isPruned
    limits.formUnion(table.limits)
    var known: [UInt32?] = .init(repeating: nil, count: table.processes.count)
    for inode in inodes {
      for holding in table.holdings(of: inode) {
        let index = Int(holding.process)
        let place = known[index] ?? place(of: table.processes[index])
        known[index] = place
        holdings.append(Holding(inode: inode, process: place, descriptor: holding.descriptor))
      }
    }
  }

  /// All that was added, as one table.
  public var table: OwnerTable {
    OwnerTable(
      processes: processes, holdings: holdings, gaps: Array(gaps), isPruned: isPruned,
      limits: limits.sorted())
  }

  private mutating func place(of process: OwnerProcess) -> UInt32 {
    if let place = places[process] { return place }
    let place = UInt32(processes.count)
    processes.append(process)
    places[process] = place
    return place
  }
}
