import Threads

/// A search through the descriptors of all processes that runs in parallel with other work of the
/// caller.
///
/// Its result equals that of ``ProcFileSystem/findOwners(of:among:threads:)``, but it starts before
/// the wanted sockets are known. It reads owners while the kernel still lists sockets. For sockets
/// that were created after their process was read, it reads the processes again.
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

  /// Waits for the walk to end, and returns the owners of the sockets in `wanted`.
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
    for index in found.holders.indices { found.holders[index].keep(wanted) }
    found.holders.removeAll { $0.sockets.isEmpty }
    let missing = wanted.withoutSockets(of: found.holders)
    // With a million sockets, both this set and the table built below are large.
    _ = consume wanted
    if !missing.isEmpty { found += try searchAgain(for: missing, besides: found.gaps) }
    return OwnerTable(
      holders: found.holders, gaps: found.gaps, isPruned: !search.pruning.keepsEveryProcess,
      limits: files.viewLimits())
  }

  /// Searches again, because processes and sockets may have changed since they were read.
  private func searchAgain(
    for missing: InodeSet, besides gaps: [ProcessGap]
  ) throws(ProcessProblem) -> SearchResult {
    // Processes that were unreadable before are not tried again.
    let unread = Set(gaps.lazy.map(\.pid))
    let again = OwnerSearch(
      root: try files.openRoot(), pids: try files.pids().filter { !unread.contains($0) },
      wanted: missing, pruning: search.pruning, details: search.details,
      containers: files.containers)
    return again.run(threads: threads)
  }
}

extension ProcFileSystem {
  /// Starts to search the descriptors of the processes that `pruning` keeps, on `threads` threads.
  public func startFindingOwners(
    among pruning: ProcessPruning = .everyProcess, reading details: OwnerDetails = .facts,
    threads: Int
  ) throws(ProcessProblem) -> OwnerWalk {
    try OwnerWalk(self, among: pruning, reading: details, threads: threads)
  }
}

extension SocketHolder {
  /// Removes the sockets that are not in `wanted`.
  fileprivate mutating func keep(_ wanted: InodeSet) {
    guard !sockets.allSatisfy({ wanted.contains($0.inode) }) else { return }
    self = SocketHolder(
      process: process, sockets: sockets.filter { wanted.contains($0.inode) })
  }
}
