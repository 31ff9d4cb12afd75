internal import Connections
internal import ProcessTable

/// The owners of an earlier scan, for a scan of nearly the same connections soon after.
///
/// Reading all descriptors of a large machine takes longer than listing its connections. A display
/// can show owners that are a few seconds old. Nothing may be closed because of them.
public struct KnownOwners: Sendable {
  private let owners: OwnerTable
  private let unreadable: [OwnerProcess]
  private let controlGroups: [UInt64: ControlGroup]
  /// The inodes of the sockets whose owners were looked for.
  private var inodes = InodeSet()

  /// The owners in `snapshot`; nil if they were not read.
  public init?(in snapshot: Snapshot) {
    guard let owners = snapshot.owners else { return nil }
    self.owners = owners
    unreadable = snapshot.unreadable
    controlGroups = snapshot.controlGroups
    for connection in snapshot.connections { inodes.insert(connection.inode) }
    // Otherwise the scan did not look for the owners of listeners.
    guard snapshot.hasWaiting else { return }
    for listener in snapshot.listeners { inodes.insert(listener.inode) }
  }

  /// `snapshot`, which was made without owners, with these owners; nil if their sockets do not
  /// include all of the snapshot.
  func added(to snapshot: Snapshot) -> Snapshot? {
    guard snapshot.connections.allSatisfy({ $0.inode == 0 || inodes.contains($0.inode) }),
      !snapshot.hasWaiting
        || snapshot.listeners.allSatisfy({ $0.inode == 0 || inodes.contains($0.inode) })
    else { return nil }
    var copy = snapshot.replacing(owners: owners, unreadable: unreadable)
    copy.controlGroups = controlGroups
    return copy
  }
}

extension Snapshot {
  /// Whether any connection is in an accept queue.
  fileprivate var hasWaiting: Bool {
    connections.contains { $0.ownerless == .inAcceptQueue }
  }
}

extension Scanner {
  /// Scans without reading owners if those of an earlier scan suffice; otherwise reads them after
  /// listing the connections.
  ///
  /// - Parameter request: its selection must not need owners.
  /// - Returns: the snapshot, and whether its owners were read now.
  public func scan(
    _ request: ScanRequest, knowing known: KnownOwners, at moment: ScanMoment
  ) throws(ScanProblem) -> (snapshot: Snapshot, hasReadOwners: Bool) {
    let snapshot = try scan(request.withoutOwners, at: moment)
    if let complete = known.added(to: snapshot) { return (complete, false) }
    var inodes = InodeSet(snapshot.connections.lazy.map(\.inode))
    for listener in snapshot.listeners { inodes.insert(listener.inode) }
    do {
      let owners = try processes.findOwners(
        of: inodes, reading: request.details.ofOwners, threads: threads)
      let complete = snapshot.replacing(owners: owners, unreadable: unreadable(in: owners))
      return (resolvingControlGroups(of: complete, for: request), true)
    } catch {
      throw .cannotReadProcesses(error)
    }
  }
}
