internal import SystemPackage

/// The share of one thread in a search.
struct OwnerSearchWorker: ~Copyable {
  private(set) var result = SearchResult()

  private let search: OwnerSearch
  private let names = EntryBuffer()
  /// Of the process that is being visited.
  private var sockets: [HeldSocket] = []

  init(_ search: OwnerSearch) {
    self.search = search
  }

  /// Reads the descriptors of one process and keeps what was wanted of them.
  mutating func visit(_ pid: Int32) {
    guard search.pruning.admits(pid: pid) else { return }
    do {
      let process = try ProcessFolder(pid: pid, below: search.root)
      if search.pruning.needsFacts,
        try !search.pruning.admits(process.owner(search.pruning.details))
      {
        return
      }
      sockets.removeAll(keepingCapacity: true)
      switch search.tables {
      case .leaders: readLeader(process)
      case .threadsApart: readThreads(process, leaderIsRead: true)
      case .leadersAndThreads:
        readLeader(process)
        readThreads(process, leaderIsRead: true)
      }
      guard !sockets.isEmpty else { return }
      // A process that has ended meanwhile throws here, and is no owner any more.
      result.holders.append(
        SocketHolder(process: try process.owner(search.details), sockets: sockets))
    } catch {
      note(error, .process, of: pid)
    }
  }

  private mutating func readLeader(_ process: borrowing ProcessFolder) {
    do {
      let folder = try process.open("fd")
      let isEmpty = try readTable(folder, of: process.pid, thread: nil)
      if isEmpty, let status = try process.status(), status.isZombie, !status.holdsNothing {
        readThreads(process, leaderIsRead: false)
      }
    } catch {
      // Zombies and threads of the kernel refuse whoever is not root, and have nothing to hide.
      if error.isRefusal, let status = try? process.status(), status.holdsNothing { return }
      note(error, .descriptors, of: process.pid)
    }
  }

  /// Reads the tables of the threads, each only once.
  private mutating func readThreads(
    _ process: borrowing ProcessFolder, leaderIsRead: Bool
  ) {
    do {
      let threads = try process.open("task")
      var rest: [Int32] = []
      try threads.forEachNumber(names) { if $0 != process.pid { rest.append($0) } }
      var read = leaderIsRead ? [process.pid] : []
      for thread in rest where !sharesTable(thread, with: read) {
        readThread(thread, of: process.pid, in: threads)
        read.append(thread)
      }
    } catch {
      note(error, .threads, of: process.pid)
    }
  }

  private func sharesTable(_ thread: Int32, with others: [Int32]) -> Bool {
    search.isLive && others.contains { FileTableComparison.areShared(thread, $0) }
  }

  private mutating func readThread(
    _ thread: Int32, of pid: Int32, in threads: borrowing Folder
  ) {
    do {
      let folder = try threads.folder("\(thread)").folder("fd")
      _ = try readTable(folder, of: pid, thread: thread)
    } catch {
      note(error, .descriptorsOfThread(thread), of: pid)
    }
  }

  /// Keeps the wanted sockets of one table.
  ///
  /// - Returns: whether it has no descriptor.
  private mutating func readTable(
    _ folder: borrowing Folder, of pid: Int32, thread: Int32?
  ) throws(Errno) -> Bool {
    var isEmpty = true
    var refusal: Errno?
    var firstUnread: (descriptor: Int32, error: Errno)?
    try folder.forEachLink(names, canStartAtDescriptors: search.canStartAtDescriptors) {
      descriptor, link in
      isEmpty = false
      switch link {
      case .socket(let inode):
        if search.wanted.contains(inode) {
          sockets.append(HeldSocket(inode: inode, descriptor: descriptor))
        }
      case .other, .gone: break
      case .unreadable(let error):
        // The kernel refuses the process as a whole, so that the others need not be tried.
        if error.isRefusal {
          refusal = error
        } else if firstUnread == nil {
          firstUnread = (descriptor, error)
        }
      }
      return refusal == nil
    }
    if let refusal { throw refusal }
    if let (descriptor, error) = firstUnread {
      let part: ProcessGap.Part =
        thread.map { .descriptorOfThread($0, descriptor: descriptor) } ?? .descriptor(descriptor)
      note(error, part, of: pid)
    }
    return isEmpty
  }

  private mutating func note(_ error: Errno, _ part: ProcessGap.Part, of pid: Int32) {
    guard !error.saysGone else { return }
    result.gaps.append(ProcessGap(pid: pid, part: part, error: error))
  }
}

extension Errno {
  /// Whether the kernel refuses the reader.
  fileprivate var isRefusal: Bool { self == .permissionDenied || self == .notPermitted }
}
