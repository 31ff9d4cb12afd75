public import Connections
public import ProcessTable

/// A request to read the owners of some sockets again.
public struct OwnerRefresh {
  /// The inodes of the sockets.
  public let inodes: [UInt32]
  /// The snapshot with the owners known so far.
  public let snapshot: Snapshot
  /// Whether a process, as an owner, could change a decision about a connection. Several threads
  /// call it at once.
  public let concerns: @Sendable (OwnerProcess) -> Bool
  /// The facts that `concerns` needs in addition to the name.
  public let details: OwnerDetails
  /// The number of open files on the machine up to which all processes are read.
  public let walkLimit: Int
  /// Returns those of the given inodes whose sockets the kernel still lists.
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
  /// Reads the owners of some connections of a snapshot again.
  ///
  /// On a machine with few open files, it reads all processes, as a scan does. On a large machine,
  /// it reads the known descriptors of the sockets, every process that ``OwnerRefresh/concerns``
  /// accepts, and every process that started after the scan. If the kernel still lists a socket
  /// that none of its known descriptors holds any more, it searches all processes for that socket.
  ///
  /// - Returns: the snapshot with these owners; it has no owners for other connections.
  public func rereadOwners(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot {
    do {
      let owners =
        if let files = processes.openFileCount, files <= refresh.walkLimit {
          try processes.findOwners(
            of: InodeSet(refresh.inodes), reading: refresh.ownerDetails, threads: threads)
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
    let owners = try processes.rereadOwners(
      of: refresh.inodes, knowing: earlier, among: pruning, reading: refresh.ownerDetails,
      threads: threads)
    let lost = refresh.inodes.filter {
      owners.holdings(of: $0).isEmpty && !earlier.holdings(of: $0).isEmpty
    }
    guard !lost.isEmpty else { return owners }
    let listed = refresh.stillListed(lost)
    guard !listed.isEmpty else { return owners }
    return owners.adding(
      try processes.findOwners(
        of: InodeSet(listed), reading: refresh.ownerDetails, threads: threads))
  }
}

extension OwnerRefresh {
  /// The facts to read about each owner.
  fileprivate var ownerDetails: OwnerDetails { details.union(.facts) }
}

extension ScanMoment {
  /// The uptime in the unit of process start times (`USER_HZ`, 100 per second), rounded down; nil
  /// if unknown.
  fileprivate var startTicks: UInt64? { uptime.map { $0 / 10 } }
}
