// Re-reading known owners at little cost.
extension ProcFileSystem {
  /// Re-reads the owners of the sockets with `inodes`, whose owners were `earlier`.
  ///
  /// It reads every descriptor table, including those of threads, of the processes that `pruning`
  /// keeps. For every other process, it reads only the descriptors that held one of the sockets. A
  /// new owner that `pruning` does not keep is therefore missing, and the table is pruned.
  ///
  /// - Parameters:
  ///   - pruning: the processes that can be new owners of interest, judged by their current facts.
  ///   - details: what to read about each owner.
  ///   - threads: how many threads share the work.
  /// - Throws: ``ProcessProblem/unreadable(_:_:)`` or ``ProcessProblem/noProcesses(_:)`` of the
  ///   root.
  public func rereadOwners(
    of inodes: [UInt32], knowing earlier: OwnerTable, among pruning: ProcessPruning,
    reading details: OwnerDetails = .facts, threads: Int
  ) throws(ProcessProblem) -> OwnerTable {
    let pids = try self.pids()
    let search = OwnerSearch(
      root: try openRoot(), pids: pids, wanted: InodeSet(inodes), pruning: pruning,
      details: details, known: KnownHoldings(of: inodes, in: earlier),
      containers: containers)
    let found = search.run(threads: threads)
    return OwnerTable(
      holders: found.holders, gaps: found.gaps, isPruned: !pruning.keepsEveryProcess,
      limits: viewLimits())
  }

  /// The number of open files on the whole machine (`fs.file-nr`); nil if unknown.
  ///
  /// It approximates the number of descriptors that a search through all processes reads.
  public var openFileCount: Int? {
    guard let counts = try? setting("fs.file-nr"), let count = counts.first else { return nil }
    return Int(exactly: count)
  }
}

extension OwnerTable {
  /// The table extended by `other`, which covers other sockets.
  public func adding(_ other: OwnerTable) -> OwnerTable {
    OwnerTable(
      holders: holders + other.holders, gaps: gaps + other.gaps,
      isPruned: isPruned || other.isPruned,
      limits: Set(limits).union(other.limits).sorted())
  }

  private var holders: [SocketHolder] {
    var sockets = [[HeldSocket]](repeating: [], count: processes.count)
    for holding in holdings {
      sockets[Int(holding.process)].append(
        HeldSocket(inode: holding.inode, descriptor: holding.descriptor))
    }
    return zip(processes, sockets).map { SocketHolder(process: $0, sockets: $1) }
  }
}
