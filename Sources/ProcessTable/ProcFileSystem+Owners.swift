extension ProcFileSystem {
  /// Looks through the descriptors of all processes for the sockets of `wanted`.
  ///
  /// The threads of a process share its table of descriptors, save where one has asked for its own
  /// (`unshare` with CLONE_FILES). Every table is read, and each once.
  ///
  /// What cannot be read of a process is among the gaps of the table, unless it has ended
  /// meanwhile. What `/proc` hides is among its limits. An owner is one process throughout, even when its pid is reused.
  ///
  /// - Parameters:
  ///   - wanted: the inodes to look for; an empty set reads no process.
  ///   - pruning: the processes to look at.
  ///   - details: what is read of each owner.
  ///   - threads: how many threads share the work, the caller's included; at least one does it.
  /// - Throws: ``ProcessProblem/unreadable(_:_:)`` or ``ProcessProblem/noProcesses(_:)`` of the root.
  public func findOwners(
    of wanted: InodeSet, among pruning: ProcessPruning = .everyProcess,
    reading details: OwnerDetails = .all, threads: Int
  ) throws(ProcessProblem) -> OwnerTable {
    let pids = try self.pids()
    guard !wanted.isEmpty else {
      return OwnerTable(
        holders: [], gaps: [], isPruned: !pruning.keepsEveryProcess, limits: viewLimits())
    }
    let search = OwnerSearch(
      root: try openRoot(), pids: pids, wanted: wanted, pruning: pruning, details: details,
      containers: containers)
    let found = search.run(threads: threads)
    return OwnerTable(
      holders: found.holders, gaps: found.gaps, isPruned: !pruning.keepsEveryProcess,
      limits: viewLimits())
  }

  /// Every pid that the root shows, in the order of the kernel.
  func pids() throws(ProcessProblem) -> [Int32] {
    let folder = try openRoot()
    var pids: [Int32] = []
    do { try folder.forEachNumber(EntryBuffer()) { pids.append($0) } } catch {
      throw .unreadable(root, error)
    }
    // The reader's own is always there.
    guard !pids.isEmpty else { throw .noProcesses(root) }
    return pids
  }
}
