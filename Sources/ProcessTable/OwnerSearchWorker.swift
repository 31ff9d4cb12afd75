internal import Connections
internal import SystemPackage

/// The work of one thread in a search.
struct OwnerSearchWorker: ~Copyable {
  private(set) var result = SearchResult()

  private let search: OwnerSearch
  private let names = EntryBuffer()
  /// The sockets of the current process.
  private var sockets: [HeldSocket] = []

  init(_ search: OwnerSearch) {
    self.search = search
  }

  /// Reads the descriptors of one process and keeps the wanted sockets.
  mutating func visit(_ pid: Int32) {
    guard search.pruning.admits(pid: pid) else { return }
    do {
      let process = try ProcessDirectory(pid: pid, below: search.root, search.containers)
      sockets.removeAll(keepingCapacity: true)
      if search.pruning.needsFacts {
        let facts = try process.owner(search.pruning.details)
        if search.pruning.admits(facts) {
          readTables(process)
        } else if let known = search.known?.sockets(of: facts.identity) {
          readAgain(known, of: process)
        }
      } else {
        readTables(process)
      }
      guard !sockets.isEmpty else { return }
      // If the process has ended meanwhile, this throws, and it is no longer an owner.
      result.holders.append(
        SocketHolder(process: try process.owner(search.details), sockets: sockets))
    } catch {
      note(error, .process, of: pid)
    }
  }

  /// Keeps the sockets of `known`, which the process held before, that it still holds.
  private mutating func readAgain(_ known: [HeldSocket], of process: borrowing ProcessDirectory) {
    do throws(Errno) {
      let directory = try process.open("fd")
      for socket in known {
        switch directory.link(of: socket.descriptor) {
        case .socket(socket.inode): sockets.append(socket)
        case .socket, .other, .gone: break
        case .unreadable(let error): throw error
        }
      }
    } catch {
      note(error, .descriptors, of: process.pid)
    }
  }

  private mutating func readTables(_ process: borrowing ProcessDirectory) {
    do {
      let directory = try process.open("fd")
      guard try readTable(directory, of: process.pid, thread: nil) == 0 else {
        if try search.canCountThreads ? process.threadCount() > 1 : true {
          readThreads(process, main: process.pid)
        }
        return
      }
      // A leader that has ended has no table, but its threads may still have theirs.
      guard let status = try process.status(), !status.holdsNothing else { return }
      readThreads(process, main: status.isZombie ? nil : process.pid)
    } catch {
      // Zombies and kernel threads refuse everyone but root, and hold nothing.
      if error.isRefusal, let status = try? process.status(), status.holdsNothing { return }
      note(error, .descriptors, of: process.pid)
    }
  }

  /// Reads the tables of threads that do not share the table of `main`.
  ///
  /// A protected program may hold a socket only in such a table, even if the leader of another
  /// process holds it too.
  private mutating func readThreads(_ process: borrowing ProcessDirectory, main: Int32?) {
    do {
      let threads = try process.open("task")
      var rest: [Int32] = []
      try threads.forEachNumber(names) { if $0 != process.pid { rest.append($0) } }
      var tables = ThreadTables(main: main, canCompare: search.canCompareTables)
      var (descriptors, distinct) = (0, sockets.count)
      for thread in rest where !tables.isMain(thread) {
        descriptors += readThread(thread, of: process.pid, in: threads, knowing: &tables)
        if search.isRealProc, !search.canCompareTables,
          descriptors > ThreadTables.limitWithoutComparison
        {
          return note(.noFunction, .threads, of: process.pid)
        }
        // A new table starts as a copy, so duplicates are removed from time to time.
        if sockets.count > 2 * distinct + Self.maximumRepeats {
          sockets = Array(Set(sockets))
          distinct = sockets.count
        }
      }
    } catch {
      note(error, .threads, of: process.pid)
    }
  }

  /// How many repeated sockets may accumulate before duplicates are removed.
  private static let maximumRepeats = 4096

  /// - Returns: the number of descriptors read.
  private mutating func readThread(
    _ thread: Int32, of pid: Int32, in threads: borrowing Directory,
    knowing tables: inout ThreadTables
  ) -> Int {
    do {
      let directory = try threads.subdirectory("\(thread)/fd")
      guard tables.isNew(thread, size: try directory.size()) else { return 0 }
      return try readTable(directory, of: pid, thread: thread)
    } catch {
      note(error, .descriptorsOfThread(thread), of: pid)
      return 0
    }
  }

  /// Keeps the wanted sockets of one table.
  ///
  /// - Returns: the number of descriptors in the table.
  private mutating func readTable(
    _ directory: borrowing Directory, of pid: Int32, thread: Int32?
  ) throws(Errno) -> Int {
    var count = 0
    var refusal: Errno?
    var firstUnread: (descriptor: Int32, error: Errno)?
    try directory.forEachLink(names) {
      descriptor, link in
      count += 1
      switch link {
      case .socket(let inode):
        if search.wanted.contains(inode) {
          sockets.append(HeldSocket(inode: inode, descriptor: descriptor))
        }
      case .other, .gone: break
      case .unreadable(let error):
        // The kernel refuses a process as a whole, so the other descriptors are not tried.
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
    return count
  }

  private mutating func note(_ error: Errno, _ part: ProcessGap.Part, of pid: Int32) {
    guard !error.meansGone else { return }
    result.gaps.append(ProcessGap(pid: pid, part: part, error: error))
  }
}

extension Errno {
  /// Whether the kernel refuses the reader.
  fileprivate var isRefusal: Bool { self == .permissionDenied || self == .notPermitted }
}
