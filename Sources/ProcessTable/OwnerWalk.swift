import Threads

/// A look through the descriptors of all processes beside other work of the caller.
///
/// It finds what ``ProcFileSystem/findOwners(of:among:threads:)`` finds, and need not be told
/// beforehand for which sockets: while the kernel still lists them, their owners are read. For those
/// that were made after their process had been looked at, the processes are looked at again.
///
/// A walk that is dropped ends soon.
public struct OwnerWalk: ~Copyable, Sendable {
  private let files: ProcFileSystem
  private let search: OwnerSearch
  private let threads: Int
  private var work: StartedWork?

  init(
    _ files: ProcFileSystem, among pruning: ProcessPruning, reading details: OwnerDetails,
    threads: Int
  ) throws(ProcessProblem) {
    let search = OwnerSearch(
      root: try files.openRoot(), pids: try files.pids(), wanted: .everySocket, pruning: pruning,
      details: details, containers: files.containers)
    self.files = files
    self.search = search
    self.threads = threads
    work = ParallelWork.start(threads: min(threads, search.pids.count)) { search.work() }
  }

  deinit { search.abandon() }

  /// Waits for the end of the walk, and says who holds the sockets of `wanted`.
  ///
  /// - Throws: ``ProcessProblem/unreadable(_:_:)`` of the root.
  public consuming func finish(
    wanted: consuming InodeSet
  ) throws(ProcessProblem) -> OwnerTable {
    work.take()?.finish()
    guard !wanted.isEmpty else {
      return OwnerTable(
        holders: [], gaps: [], isPruned: !search.pruning.keepsEveryProcess,
        limits: files.viewLimits())
    }
    var found = search.takeResult()
    for place in found.holders.indices { found.holders[place].keep(wanted) }
    found.holders.removeAll { $0.sockets.isEmpty }
    let missing = wanted.withoutThose(of: found.holders)
    // Of a million sockets it is large, and so is the table to come.
    _ = consume wanted
    if !missing.isEmpty { found += try searchAgain(for: missing, besides: found.gaps) }
    return OwnerTable(
      holders: found.holders, gaps: found.gaps, isPruned: !search.pruning.keepsEveryProcess,
      limits: files.viewLimits())
  }

  /// What was read before the sockets were listed may be out of date, the processes too.
  private func searchAgain(
    for missing: InodeSet, besides gaps: [ProcessGap]
  ) throws(ProcessProblem) -> SearchResult {
    // What is already known to be unreadable need not be met twice.
    let unread = Set(gaps.lazy.map(\.pid))
    let again = OwnerSearch(
      root: try files.openRoot(), pids: try files.pids().filter { !unread.contains($0) },
      wanted: missing, pruning: search.pruning, details: search.details,
      containers: files.containers)
    return again.run(threads: threads)
  }
}

extension ProcFileSystem {
  /// Starts to look through the descriptors of the processes that `pruning` keeps, on `threads`
  /// threads of the system.
  ///
  /// - Throws: ``ProcessProblem/unreadable(_:_:)`` or ``ProcessProblem/noProcesses(_:)`` of the root.
  public func startFindingOwners(
    among pruning: ProcessPruning = .everyProcess, reading details: OwnerDetails = .all,
    threads: Int
  ) throws(ProcessProblem) -> OwnerWalk {
    try OwnerWalk(self, among: pruning, reading: details, threads: threads)
  }
}

extension SocketHolder {
  /// Forgets the sockets that `wanted` does not hold.
  fileprivate mutating func keep(_ wanted: InodeSet) {
    guard !sockets.allSatisfy({ wanted.contains($0.inode) }) else { return }
    self = SocketHolder(
      process: process, sockets: sockets.filter { wanted.contains($0.inode) })
  }
}
