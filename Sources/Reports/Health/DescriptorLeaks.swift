import Connections
import Operations
package import PolicyEngine
import Presentation
import ProcessTable
import Rendering
package import Scanning

/// How many descriptors of each process are sockets that it has leaked, and where those lead to.
package struct DescriptorLeaks {
  private var processes: [Int32: Share] = [:]
  /// The processes whose descriptors could not be read.
  private let unreadable: Set<Int32>

  /// Those of one process.
  package struct Share {
    package var closeWait = 0
    package var idle = 0
    /// Of those in CLOSE_WAIT.
    package var peers = PeerTally()
  }

  /// The leaks among the sockets of `snapshot`; nil when nothing is known of their owners.
  package init?(_ snapshot: Snapshot) {
    guard let owners = snapshot.owners else { return nil }
    unreadable = Set(snapshot.unreadable.map(\.pid))
    let limit = ConnectionGroup.Figures.idleLimit
    for connection in snapshot.connections where connection.inode != 0 {
      let isCloseWait = connection.state == .closeWait
      guard isCloseWait || (connection.idle ?? 0) >= limit else { continue }
      for holding in owners.holdings(of: connection.inode) {
        let pid = owners.process(of: holding).pid
        if isCloseWait {
          processes[pid, default: Share()].closeWait += 1
          processes[pid]?.peers.add(connection.identity)
        } else {
          processes[pid, default: Share()].idle += 1
        }
      }
    }
  }

  /// Those of the process with `pid`; nil when they are unknown.
  package func of(_ pid: Int32) -> Share? {
    unreadable.contains(pid) ? nil : processes[pid] ?? Share()
  }
}

extension DescriptorLeaks.Share: CustomStringConvertible {
  /// `3,120 of them are CLOSE-WAIT sockets to 10.0.0.20:5432, 12 are connections idle for an hour`.
  package var description: String {
    let idle =
      switch self.idle {
      case 0: "none is idle for an hour"
      case 1: "1 is a connection idle for an hour"
      default: "\(Count.text(self.idle)) are connections idle for an hour"
      }
    guard let peer = peers.mostCommon else { return "none of them is a CLOSE-WAIT socket, \(idle)" }
    let sockets =
      closeWait == 1
      ? "1 of them is a CLOSE-WAIT socket"
      : "\(Count.text(closeWait)) of them are CLOSE-WAIT sockets"
    let target = peer.count == closeWait ? " to \(peer)" : ", \(Count.text(peer.count)) to \(peer)"
    return "\(sockets)\(target), \(idle)"
  }
}
