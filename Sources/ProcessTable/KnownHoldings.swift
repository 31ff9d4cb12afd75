internal import Connections

/// The descriptors through which processes held certain sockets when they were last read.
struct KnownHoldings: Sendable {
  private var processes: [Int32: (identity: ProcessIdentity, sockets: [HeldSocket])] = [:]

  /// The holdings of `inodes` in `table`.
  ///
  /// A process with an unknown start time is left out, because a later process with its pid would
  /// look the same.
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

  /// The sockets that the process held; nil if none, or if it is a later process with the same pid.
  func sockets(of identity: ProcessIdentity) -> [HeldSocket]? {
    guard let known = processes[identity.pid], known.identity == identity else { return nil }
    return known.sockets
  }
}
