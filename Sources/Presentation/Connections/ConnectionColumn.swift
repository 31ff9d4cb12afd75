import Connections
package import Rendering

/// What can be said of a connection in one column of a table or a CSV file.
package enum ConnectionColumn: String, CaseIterable {
  case state
  case local
  case peer
  case localPort = "local-port"
  case peerPort = "peer-port"
  case idle
  case inState = "in-state"
  case age
  case stalled
  case receiveQueue = "recv-q"
  case sendQueue = "send-q"
  case unacknowledged = "unacked"
  case retransmits
  case timer
  case process
  case note
  case pid
  case executable
  case descriptors = "fds"
  case unit
  case container
  case containerName = "container-name"
  case pod
  case podName = "pod-name"
  case controlGroup = "cgroup"
  case user
  case userID = "uid"
  case inode
  case cookie
  case family
  case interface
  case mark
  case networkNamespace = "netns"
  case lastSent = "last-sent"
  case lastReceived = "last-received"
  case lastAcknowledged = "last-ack"
  case roundTrip = "rtt"
  case congestionWindow = "cwnd"
  case congestion
  case bytesAcknowledged = "bytes-acked"
  case bytesReceived = "bytes-received"
  case totalRetransmits = "retransmits-total"

  /// The columns of `-o table`.
  package static let table: [ConnectionColumn] = [
    .state, .local, .peer, .idle, .inState, .receiveQueue, .sendQueue, .process,
  ]

  /// The columns of `-o wide`.
  package static let wide: [ConnectionColumn] = [
    .state, .local, .peer, .idle, .inState, .stalled, .receiveQueue, .sendQueue, .unacknowledged,
    .totalRetransmits, .timer, .user, .unit, .container, .pod, .process,
  ]

  /// The columns of `-o csv`.
  package static let csv: [ConnectionColumn] = [
    .state, .local, .peer, .idle, .inState, .stalled, .receiveQueue, .sendQueue, .user, .pid,
    .process, .descriptors, .note, .inode, .cookie, .networkNamespace,
  ]

  /// The heading in a table.
  package var title: String {
    switch self {
    case .receiveQueue: "RECV-Q"
    case .sendQueue: "SEND-Q"
    case .totalRetransmits: "RETRANS"
    default: rawValue.replacing("-", with: " ").uppercased()
    }
  }

  /// The heading in a CSV file: the key that the value has in JSON, where it has one.
  package var csvName: String {
    let name = rawValue.replacing("-", with: "_")
    return isTime ? name + "_ms" : name
  }

  /// Whether the value is a time: for the eye in a table, in milliseconds in a CSV file.
  package var isTime: Bool {
    switch self {
    case .idle, .inState, .age, .stalled, .lastSent, .lastReceived, .lastAcknowledged: true
    default: false
    }
  }

  /// Whether the value is a number, which stands on the right.
  package var isNumber: Bool {
    switch self {
    case .state, .local, .peer, .timer, .process, .note, .executable, .descriptors, .user, .cookie,
      .family, .interface, .congestion, .pid, .unit, .container, .containerName, .pod,
      .podName, .controlGroup, .networkNamespace:
      false
    default: true
    }
  }

  /// Whether `tcp_info` must be read for it.
  package var needsFigures: Bool {
    switch self {
    case .idle, .inState, .stalled, .unacknowledged, .lastSent, .lastReceived, .lastAcknowledged,
      .roundTrip, .congestionWindow, .bytesAcknowledged, .bytesReceived, .totalRetransmits:
      true
    default: false
    }
  }

  /// Whether `/proc` must be read for it.
  package var needsOwners: Bool {
    switch self {
    case .process, .note, .pid, .executable, .descriptors: true
    default: needsControlGroups
    }
  }

  /// Whether more must be read of owners than their command names.
  package var needsOwnerFacts: Bool { self == .executable }

  /// Whether cgroups must be read for it.
  package var needsControlGroups: Bool {
    switch self {
    case .unit, .container, .containerName, .pod, .podName, .controlGroup: true
    default: false
    }
  }

  /// How far the column may shrink on a narrow terminal; nil when it is never cut.
  package var shrinksTo: Int? {
    switch self {
    case .process, .note, .controlGroup: 16
    case .executable, .unit, .container, .pod: 12
    // A port, and of a peer at least an IPv4 address.
    case .local: 6
    case .peer: 21
    default: nil
    }
  }

  /// What goes of a cell that is cut.
  package var cut: CellCut {
    switch self {
    case .local: .localEnd
    case .peer: .peer
    case .process: .owner
    default: .end
    }
  }

  /// Which columns shrink first; see ``Table/Column/rank``.
  package var rank: Int {
    switch self {
    case .local: 0
    case .peer: 1
    default: 2
    }
  }

  /// Without which columns a list can do on a narrow terminal, the first to go first.
  package static let dispensable: [ConnectionColumn] = [
    .unacknowledged, .totalRetransmits, .timer, .pod, .stalled, .user, .unit, .container,
    .sendQueue,
    .receiveQueue, .age,
  ]
}
