public import Connections
public import ProcessTable

/// Which sockets' owners are to be read again, and what is known of them.
public struct OwnerRefresh {
  /// The inodes of the sockets.
  public let inodes: [UInt32]
  /// What was known of their owners until now.
  public let snapshot: Snapshot
  /// Whether a process could change, as an owner, what is decided about a connection. It is called
  /// on several threads at once.
  public let concerns: @Sendable (OwnerProcess) -> Bool
  /// The facts that `concerns` needs, beside the name.
  public let details: OwnerDetails
  /// Every process is read if the machine has at most this many open files.
  public let walkLimit: Int
  /// Which of some sockets, by their inodes, the kernel still lists.
  public let stillListed: ([UInt32]) -> [UInt32]

  /// A request to read the owners of `inodes` again.
  public init(
    of inodes: [UInt32], in snapshot: Snapshot,
    concerning concerns: @escaping @Sendable (OwnerProcess) -> Bool,
    knowing details: OwnerDetails, walkLimit: Int,
    stillListed: @escaping ([UInt32]) -> [UInt32]
  ) {
    self.inodes = inodes
    self.snapshot = snapshot
    self.concerns = concerns
    self.details = details
    self.walkLimit = walkLimit
    self.stillListed = stillListed
  }
}

extension Scanner {
  /// Reads again who holds some connections of a snapshot.
  ///
  /// On a machine with few open files, it reads all processes, as a scan does. On a large one, it
  /// reads the descriptors that were known to hold the sockets, every process that
  /// ``OwnerRefresh/concerns`` names, and every process that started after the scan. If none of the
  /// known descriptors still holds a socket that the kernel lists, it searches all processes.
  ///
  /// - Returns: the snapshot with these owners. Of other connections it knows no owners.
  public func findOwnersAgain(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot {
    do {
      let owners =
        if let files = processes.openFileCount, files <= refresh.walkLimit {
          try processes.findOwners(of: InodeSet(refresh.inodes), threads: threads)
        } else {
          try findOwners(refresh)
        }
      return refresh.snapshot.replacing(owners: owners, unreadable: unreadable(in: owners))
    } catch {
      throw .cannotReadProcesses(error)
    }
  }

  private func findOwners(_ refresh: OwnerRefresh) throws(ProcessProblem) -> OwnerTable {
    let earlier = refresh.snapshot.owners ?? OwnerTable(holders: [], gaps: [], isPruned: true)
    let (concerns, start) = (refresh.concerns, refresh.snapshot.moment.startTicks)
    let pruning = ProcessPruning(knowing: refresh.details) { process in
      guard let ticks = process.identity.startTicks, let start, ticks < start else { return true }
      return concerns(process)
    }
    let owners = try processes.findOwnersAgain(
      of: refresh.inodes, knowing: earlier, among: pruning, threads: threads)
    let lost = refresh.inodes.filter {
      owners.holdings(of: $0).isEmpty && !earlier.holdings(of: $0).isEmpty
    }
    guard !lost.isEmpty else { return owners }
    let listed = refresh.stillListed(lost)
    guard !listed.isEmpty else { return owners }
    return owners.adding(try processes.findOwners(of: InodeSet(listed), threads: threads))
  }
}

extension ScanMoment {
  /// The time in the unit of a process's start (`USER_HZ`, 100 per second), rounded down; nil if
  /// unknown.
  fileprivate var startTicks: UInt64? { uptime.map { $0 / 10 } }
}
