package import Connections
import Presentation
import Scanning

/// One listening socket: how full its queues are, and what came to it.
package struct ListenerLine {
  package let socket: Connection
  /// By state; nil when that is unknown.
  package let connections: StateCounts?
  /// How many listeners ``connections`` came to.
  let sharers: Int
  /// `net.core.somaxconn` of its namespace; nil when that could not be read.
  package let longestBacklog: Int64?

  /// How many connections wait to be accepted.
  package var waiting: Int { Int(socket.receiveQueue) }
  /// How many may wait: what the program asked for, cut down to `somaxconn`.
  package var backlog: Int { Int(socket.sendQueue) }

  /// Whether the kernel refuses the next connection (`sk_acceptq_is_full`): the queue takes one more
  /// than the backlog.
  var isFull: Bool { waiting > backlog }

  /// How full the queue is: 1 at the backlog.
  package var load: Double { Double(waiting) / Double(max(backlog, 1)) }

  /// The accept queue as a share of the backlog: above 1 exactly where it is full.
  package var share: Double {
    backlog == 0 ? (waiting == 0 ? 0 : .infinity) : Double(waiting) / Double(backlog)
  }

  /// Connect requests whose handshake is not finished.
  var synQueue: Int? { connections.map { $0[.synReceived] } }

  /// What keeps the backlog from being longer.
  package enum Limit: String {
    case program
    case somaxconn
  }

  /// Nil when the setting is not known. A program that asked for as much as the setting allows is
  /// not told from one that asked for more.
  package var limit: Limit? {
    longestBacklog.map { Int64(backlog) >= $0 ? .somaxconn : .program }
  }

  /// What limits the backlog and what else is known, in words; nil when it is unknown.
  var limitText: String? {
    switch (limit, longestBacklog) {
    case (.program, let longest?): "its own backlog of \(backlog); somaxconn is \(longest)"
    case (.somaxconn, let longest?): "net.core.somaxconn of \(longest)"
    default: nil
    }
  }

  /// The fullest queue first, then the one with most connections, then by local end.
  package static func comesBefore(_ one: ListenerLine, _ other: ListenerLine) -> Bool {
    if one.isFull != other.isFull { return one.isFull }
    if one.load != other.load { return one.load > other.load }
    let (total, otherTotal) = (one.connections?.total ?? 0, other.connections?.total ?? 0)
    if total != otherTotal { return total > otherTotal }
    let (identity, otherIdentity) = (one.socket.identity, other.socket.identity)
    if identity.localPort != otherIdentity.localPort {
      return identity.localPort < otherIdentity.localPort
    }
    if identity.localBits != otherIdentity.localBits {
      return identity.localBits < otherIdentity.localBits
    }
    return identity.cookie.rawValue < otherIdentity.cookie.rawValue
  }
}
