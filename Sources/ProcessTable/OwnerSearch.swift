internal import Synchronization
internal import SystemPackage
import Threads

/// One pass through the processes, shared by several threads.
///
/// Each takes the next process that none has taken and puts what it found to the rest at its end.
final class OwnerSearch: Sendable {
  let root: Folder
  let wanted: InodeSet
  let pruning: ProcessPruning
  let details: OwnerDetails
  /// The descriptors that are read of a process that `pruning` does not admit.
  let known: KnownHoldings?
  let containers: (any ContainerNames)?
  /// Whether the root is a `/proc` of the kernel, not a copy of one.
  let isKernels: Bool
  /// Whether the kernel compares descriptor tables of threads of this root.
  let canCompareTables: Bool
  /// See ``Folder/canStartAtDescriptors(_:)``.
  let canStartAtDescriptors: Bool

  /// The processes that are looked at, those that `pruning` leaves out among them.
  let pids: [Int32]
  private let places: WorkPlaces
  private let result = Mutex(SearchResult())

  init(
    root: consuming Folder, pids: [Int32], wanted: InodeSet, pruning: ProcessPruning,
    details: OwnerDetails, known: KnownHoldings? = nil, containers: (any ContainerNames)? = nil
  ) {
    self.known = known
    isKernels = root.isInProcFileSystem
    canCompareTables = isKernels && FileTableComparison.isPossible(below: root)
    canStartAtDescriptors = root.canStartAtDescriptors(EntryBuffer())
    self.root = root
    self.pids = pids
    places = WorkPlaces(pids.count)
    self.wanted = wanted
    self.pruning = pruning
    self.details = details
    self.containers = containers
  }

  /// Whether ``ProcessFolder/threadCount()`` says how many threads there are.
  var canCountThreads: Bool { isKernels }

  /// What all the threads have found, in no order.
  func run(threads: Int) -> SearchResult {
    ParallelWork.run(threads: min(threads, pids.count)) { [self] in work() }
    return takeResult()
  }

  /// The share of one thread: all of the work, if no other one comes.
  func work() {
    var worker = OwnerSearchWorker(self)
    while let place = places.take() { worker.visit(pids[place]) }
    let part = worker.result
    result.withLock { $0 += part }
  }

  /// What the threads that are done have found.
  func takeResult() -> SearchResult {
    result.withLock { result in
      defer { result = SearchResult() }
      return result
    }
  }

  /// Lets every thread end after the process at which it is.
  func abandon() { places.abandon() }
}

/// What a search, or one thread of it, has found.
struct SearchResult: Sendable {
  var holders: [SocketHolder] = []
  var gaps: [ProcessGap] = []

  static func += (sum: inout SearchResult, part: SearchResult) {
    sum.holders += part.holders
    sum.gaps += part.gaps
  }
}
