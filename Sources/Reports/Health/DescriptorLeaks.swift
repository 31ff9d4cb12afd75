import Connections
import Operations
package import PolicyEngine
import Presentation
import ProcessTable
import Rendering
package import Scanning

/// Leaked and idle sockets by process, with their peers.
package struct DescriptorLeaks {
  private var processes: [Int32: Share] = [:]
  /// Processes whose descriptors could not be read.
  private let unreadable: Set<Int32>

  /// The sockets of one process.
  package struct Share {
    package var closeWait = 0
    package var idle = 0
    /// The peers of sockets in CLOSE_WAIT.
    package var peers = PeerTally()
  }

  /// Counts the sockets of `snapshot`; nil if it has no owners.
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

  /// The sockets of process `pid`; nil if unknown.
  package func of(_ pid: Int32) -> Share? {
    unreadable.contains(pid) ? nil : processes[pid] ?? Share()
  }
}

extension DescriptorLeaks.Share: CustomStringConvertible {
  /// `3,120 CLOSE-WAIT sockets to 10.0.0.20:5432, 12 connections idle for 1h`.
  package var description: String {
    let idle =
      switch self.idle {
      case 0: "none idle for 1h"
      default: "\(Count.text(self.idle)) connection\(Count.plural(self.idle)) idle for 1h"
      }
    guard let peer = peers.mostCommon else { return "no CLOSE-WAIT sockets, \(idle)" }
    let sockets = "\(Count.text(closeWait)) CLOSE-WAIT socket\(Count.plural(closeWait))"
    let target = peer.count == closeWait ? " to \(peer)" : ", \(Count.text(peer.count)) to \(peer)"
    return "\(sockets)\(target), \(idle)"
  }
}
