package import Connections
import Presentation
import Scanning

/// One listening socket: its queues and its connections.
package struct ListenerLine {
  package let socket: Connection
  /// By state; nil if unknown.
  package let connections: StateCounts?
  /// The number of listening sockets that share ``connections``.
  let sharers: Int
  /// `net.core.somaxconn` of its network namespace; nil if unreadable.
  package let longestBacklog: Int64?

  /// Connections waiting to be accepted.
  package var waiting: Int { Int(socket.receiveQueue) }
  /// The most that may wait: what the program requested, at most `somaxconn`.
  package var backlog: Int { Int(socket.sendQueue) }

  /// Whether the kernel refuses the next connection (`sk_acceptq_is_full`). The queue holds one
  /// more than the backlog.
  var isFull: Bool { waiting > backlog }

  /// The fill level of the queue: 1 at the backlog.
  package var load: Double { Double(waiting) / Double(max(backlog, 1)) }

  /// The accept queue relative to the backlog: above 1 exactly if it is full.
  package var share: Double {
    backlog == 0 ? (waiting == 0 ? 0 : .infinity) : Double(waiting) / Double(backlog)
  }

  /// Unfinished handshakes.
  var synQueue: Int? { connections.map { $0[.synReceived] } }

  /// What limits the backlog.
  package enum Limit: String {
    case program
    case somaxconn
  }

  /// Nil if the setting is unknown. A program that requested exactly `somaxconn` looks the same as
  /// one that requested more.
  package var limit: Limit? {
    longestBacklog.map { Int64(backlog) >= $0 ? .somaxconn : .program }
  }

  /// What limits the backlog, in words; nil if unknown.
  var limitText: String? {
    switch (limit, longestBacklog) {
    case (.program, let longest?): "its own backlog of \(backlog); somaxconn is \(longest)"
    case (.somaxconn, let longest?): "net.core.somaxconn of \(longest)"
    default: nil
    }
  }

  /// Orders by the fullest queue, then by the most connections, then by local end.
  package static func comesBefore(_ lhs: ListenerLine, _ rhs: ListenerLine) -> Bool {
    if lhs.isFull != rhs.isFull { return lhs.isFull }
    if lhs.load != rhs.load { return lhs.load > rhs.load }
    let (total, rhsTotal) = (lhs.connections?.total ?? 0, rhs.connections?.total ?? 0)
    if total != rhsTotal { return total > rhsTotal }
    let (identity, rhsIdentity) = (lhs.socket.identity, rhs.socket.identity)
    if identity.localPort != rhsIdentity.localPort {
      return identity.localPort < rhsIdentity.localPort
    }
    if identity.localBits != rhsIdentity.localBits {
      return identity.localBits < rhsIdentity.localBits
    }
    return identity.cookie.rawValue < rhsIdentity.cookie.rawValue
  }
}
