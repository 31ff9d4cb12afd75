internal import Synchronization
internal import SystemPackage
import Threads

/// One pass over all processes, shared by several threads.
///
/// Each thread takes the next free process. At its end, it adds its findings to the shared result.
final class OwnerSearch: Sendable {
  let root: Directory
  let wanted: InodeSet
  let pruning: ProcessPruning
  let details: OwnerDetails
  /// The descriptors to read of processes that `pruning` does not admit.
  let known: KnownHoldings?
  let containers: (any ContainerNames)?
  /// Whether the root is a real `/proc`, not a copy.
  let isRealProc: Bool
  /// Whether the kernel can compare the descriptor tables of threads below this root.
  let canCompareTables: Bool

  /// The processes to visit, including those that `pruning` leaves out.
  let pids: [Int32]
  private let slots: WorkerSlots
  private let result = Mutex(SearchResult())

  init(
    root: consuming Directory, pids: [Int32], wanted: InodeSet, pruning: ProcessPruning,
    details: OwnerDetails, known: KnownHoldings? = nil, containers: (any ContainerNames)? = nil
  ) {
    self.known = known
    isRealProc = root.isInProcFileSystem
    canCompareTables = isRealProc && FileTableComparison.isPossible(below: root)
    self.root = root
    self.pids = pids
    slots = WorkerSlots(pids.count)
    self.wanted = wanted
    self.pruning = pruning
    self.details = details
    self.containers = containers
  }

  /// Whether ``ProcessDirectory/threadCount()`` is reliable.
  var canCountThreads: Bool { isRealProc }

  /// Runs the search on several threads and returns its result, in no order.
  func run(threads: Int) -> SearchResult {
    ParallelWork.run(threads: min(threads, pids.count)) { [self] in work() }
    return takeResult()
  }

  /// The work of one thread. It does all of it if no other thread joins.
  func work() {
    var worker = OwnerSearchWorker(self)
    while let index = slots.take() { worker.visit(pids[index]) }
    let part = worker.result
    result.withLock { $0 += part }
  }

  /// Takes the findings of the finished threads.
  func takeResult() -> SearchResult {
    result.withLock { result in
      defer { result = SearchResult() }
      return result
    }
  }

  /// Makes every thread stop after its current process.
  func abandon() { slots.abandon() }
}

/// The findings of a search, or of one of its threads.
struct SearchResult: Sendable {
  var holders: [SocketHolder] = []
  var gaps: [ProcessGap] = []

  static func += (sum: inout SearchResult, part: SearchResult) {
    sum.holders += part.holders
    sum.gaps += part.gaps
  }
}
