internal import Synchronization
internal import SystemPackage

/// One pass through the processes, shared by several threads.
///
/// Each takes the next process that none has taken and puts what it found to the rest at its end.
final class OwnerSearch: Sendable {
  /// Which tables of descriptors are read.
  enum Tables {
    /// One of each process: that of its leader, or of its threads where the leader has ended.
    case leaders
    /// Those of threads that do not share their leader's.
    case threadsApart
  }

  let root: Folder
  let tables: Tables
  let wanted: InodeSet
  let pruning: ProcessPruning
  /// Whether the kernel can be asked about the pids of this root.
  let isLive: Bool

  private let pids: [Int32]
  private let nextPid = Atomic(0)
  private let result = Mutex(SearchResult())

  init(
    root: consuming Folder, pids: [Int32], tables: Tables, wanted: InodeSet,
    pruning: ProcessPruning
  ) {
    isLive = FileTableComparison.isPossible(below: root)
    self.root = root
    self.pids = pids
    self.tables = tables
    self.wanted = wanted
    self.pruning = pruning
  }

  /// What all the threads have found, in no order.
  func run(threads: Int) -> SearchResult {
    ParallelWork.run(threads: threads) { [self] in
      var worker = OwnerSearchWorker(self)
      while let pid = takePid() { worker.visit(pid) }
      let part = worker.result
      result.withLock { $0 += part }
    }
    return result.withLock { $0 }
  }

  private func takePid() -> Int32? {
    let place = nextPid.wrappingAdd(1, ordering: .relaxed).oldValue
    return place < pids.count ? pids[place] : nil
  }
}

/// What a search, or one thread of it, has found.
struct SearchResult: Sendable {
  var holders: [SocketHolder] = []
  var gaps: [ProcessGap] = []

  static func += (sum: inout SearchResult, part: SearchResult) {
    sum.holders += part.holders
    sum.gaps += part.gaps
  }

  /// The inodes that `wanted` names and nobody was found to hold.
  func missing(from wanted: InodeSet) -> InodeSet {
    guard !wanted.isEverySocket else { return InodeSet() }
    var found = InodeSet(minimumCapacity: wanted.count)
    for holder in holders {
      for socket in holder.sockets { found.insert(socket.inode) }
    }
    return wanted.subtracting(found)
  }
}
