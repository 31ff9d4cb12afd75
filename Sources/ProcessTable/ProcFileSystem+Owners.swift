extension ProcFileSystem {
  /// Searches the descriptors of all processes for the sockets in `wanted`.
  ///
  /// The threads of a process share its descriptor table, unless one has asked for its own
  /// (`unshare` with CLONE_FILES). Every table is read once.
  ///
  /// The table's gaps list what could not be read, except for processes that have ended meanwhile.
  /// Its limits list what `/proc` hides. An owner is always one process, even if its pid is reused.
  ///
  /// - Parameters:
  ///   - wanted: the inodes to look for; an empty set reads no process.
  ///   - pruning: the processes to read.
  ///   - details: what to read about each owner.
  ///   - threads: how many threads share the work, including the caller's; at least one does it.
  /// - Throws: ``ProcessProblem/unreadable(_:_:)`` or ``ProcessProblem/noProcesses(_:)`` of the
  ///   root.
  public func findOwners(
    of wanted: InodeSet, among pruning: ProcessPruning = .everyProcess,
    reading details: OwnerDetails = .facts, threads: Int
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

  /// Every pid that the root shows, in the kernel's order.
  func pids() throws(ProcessProblem) -> [Int32] {
    let directory = try openRoot()
    var pids: [Int32] = []
    do { try directory.forEachNumber(EntryBuffer()) { pids.append($0) } } catch {
      throw .unreadable(root, error)
    }
    // A real `/proc` always shows the reader itself.
    guard !pids.isEmpty else { throw .noProcesses(root) }
    return pids
  }
}
