extension ProcFileSystem {
  /// Looks through the descriptors of all processes for the sockets of `wanted`.
  ///
  /// The threads of a process share its table of descriptors, save where one has asked for its own
  /// (`unshare` with CLONE_FILES). Such tables are read only when some of the named inodes have
  /// not been found otherwise, so never for ``InodeSet/everySocket``. Where the leader of a
  /// process has ended before its threads, theirs are always read.
  ///
  /// What cannot be read of a process is among the gaps of the table, unless it has ended
  /// meanwhile. An owner is one process throughout, even when its pid is reused.
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
      return OwnerTable(holders: [], gaps: [], isPruned: !pruning.keepsEveryProcess)
    }
    let search = OwnerSearch(
      root: try openRoot(), pids: pids, tables: .leaders, wanted: wanted, pruning: pruning,
      details: details)
    let first = search.run(threads: threads)
    return try owners(
      missing: wanted.withoutThose(of: first.holders), first: first, search, then: .threadsApart,
      threads: threads)
  }

  /// The owners that `search` has found first and, where some are missing, those in
  /// `furtherTables`.
  func owners(
    missing: InodeSet, first: SearchResult, _ search: OwnerSearch,
    then furtherTables: OwnerSearch.Tables, threads: Int
  ) throws(ProcessProblem) -> OwnerTable {
    let isPruned = !search.pruning.keepsEveryProcess
    guard !missing.isEmpty else {
      return OwnerTable(holders: first.holders, gaps: first.gaps, isPruned: isPruned)
    }
    // What is already known to be unreadable need not be met twice.
    let unread = Set(first.gaps.lazy.map(\.pid))
    // What was read before the sockets were listed may be out of date, the processes too.
    let pids = furtherTables == .leadersAndThreads ? try self.pids() : search.pids
    let further = OwnerSearch(
      root: try openRoot(), pids: pids.filter { !unread.contains($0) },
      tables: furtherTables, wanted: missing, pruning: search.pruning, details: search.details)
    let found = further.run(threads: threads)
    return OwnerTable(
      holders: first.holders + found.holders, gaps: first.gaps + found.gaps, isPruned: isPruned)
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
