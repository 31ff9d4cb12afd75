internal import Connections

/// The descriptors through which processes held some sockets when they were last read.
struct KnownHoldings: Sendable {
  private var processes: [Int32: (identity: ProcessIdentity, sockets: [HeldSocket])] = [:]

  /// What `table` says of `inodes`.
  ///
  /// A process whose start time is unknown is omitted: a later one with its pid would not differ.
  init(of inodes: [UInt32], in table: OwnerTable) {
    var sockets = [[HeldSocket]](repeating: [], count: table.processes.count)
    for inode in inodes {
      for holding in table.holdings(of: inode) {
        sockets[Int(holding.process)].append(
          HeldSocket(inode: inode, descriptor: holding.descriptor))
      }
    }
    for (process, sockets) in zip(table.processes, sockets) where !sockets.isEmpty {
      guard process.identity.startTicks != nil else { continue }
      processes[process.pid] = (process.identity, sockets)
    }
  }

  /// What the process held; nil if that was nothing, or if it is a later one with the same pid.
  func sockets(of identity: ProcessIdentity) -> [HeldSocket]? {
    guard let known = processes[identity.pid], known.identity == identity else { return nil }
    return known.sockets
  }
}
