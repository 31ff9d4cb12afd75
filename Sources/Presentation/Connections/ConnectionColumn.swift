import Connections
package import Rendering

/// A column of a table or CSV file of connections: the words of `--columns`.
///
/// A column that shows the value of an option has its name.
package enum ConnectionColumn: String, CaseIterable {
  case state
  case local
  case peer
  case localAddress = "local-address"
  case localPort = "local-port"
  case peerAddress = "peer-address"
  case peerPort = "peer-port"
  case idle
  case inState = "in-state"
  case age
  case stalled
  case receiveQueue = "recv-queue"
  case sendQueue = "send-queue"
  case unacknowledged = "unacked"
  case retransmits
  case timer
  case process
  case note
  case pid
  case command
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
    .state, .localAddress, .localPort, .peerAddress, .peerPort, .idle, .inState, .stalled,
    .receiveQueue, .sendQueue, .user, .process, .pid, .descriptors, .note, .inode, .cookie,
    .networkNamespace,
  ]

  /// The column named `word`, which may be the name that `ss` prints.
  package init?(word: some StringProtocol) {
    switch word {
    case "recv-q": self = .receiveQueue
    case "send-q": self = .sendQueue
    default: self.init(rawValue: String(word))
    }
  }

  /// The table heading: the name in capitals, or a short form where the values are much narrower.
  package var title: String {
    switch self {
    case .receiveQueue: "RECV-Q"
    case .sendQueue: "SEND-Q"
    case .totalRetransmits: "RETRANS"
    default: rawValue.uppercased()
    }
  }

  /// The CSV heading, which equals the JSON key if there is one.
  package var csvName: String {
    let name = rawValue.replacing("-", with: "_")
    return isTime ? name + "_ms" : name
  }

  /// Whether the value is a duration: rounded in a table, in milliseconds in a CSV file.
  package var isTime: Bool {
    switch self {
    case .idle, .inState, .age, .stalled, .lastSent, .lastReceived, .lastAcknowledged: true
    default: false
    }
  }

  /// Whether the value is a number, which is aligned right.
  package var isNumber: Bool {
    switch self {
    case .state, .local, .peer, .localAddress, .peerAddress, .timer, .process, .note, .command,
      .executable, .descriptors, .user, .cookie,
      .family, .interface, .congestion, .pid, .unit, .container, .containerName, .pod,
      .podName, .controlGroup, .networkNamespace:
      false
    default: true
    }
  }

  /// Whether the column needs `tcp_info`.
  package var needsFigures: Bool {
    switch self {
    case .idle, .inState, .stalled, .unacknowledged, .lastSent, .lastReceived, .lastAcknowledged,
      .roundTrip, .congestionWindow, .bytesAcknowledged, .bytesReceived, .totalRetransmits:
      true
    default: false
    }
  }

  /// Whether the column needs owners, from `/proc`.
  package var needsOwners: Bool {
    switch self {
    case .process, .note, .pid, .command, .executable, .descriptors: true
    default: needsControlGroups
    }
  }

  /// Whether the column needs more of an owner than its command name.
  package var needsOwnerFacts: Bool { self == .executable || self == .command }

  /// Whether the column needs cgroups.
  package var needsControlGroups: Bool {
    switch self {
    case .unit, .container, .containerName, .pod, .podName, .controlGroup: true
    default: false
    }
  }

  /// The minimum width on a narrow terminal; nil if the column never shrinks.
  package var minimumWidth: Int? {
    switch self {
    case .process, .note, .command, .controlGroup: 16
    case .executable, .unit, .container, .containerName, .pod, .podName, .networkNamespace: 12
    case .user: 8
    // Room for a port, and for a peer's IPv4 address with its port.
    case .local: 6
    case .peer: 21
    case .localAddress, .peerAddress: 15
    default: nil
    }
  }

  /// Which part of a cell is cut off when the column shrinks.
  package var cut: CellCut {
    switch self {
    case .local: .localEnd
    case .peer: .peer
    case .localAddress, .peerAddress: .address
    case .process: .owner
    default: .end
    }
  }

  /// The rank in shrinking; see ``Table/Column/rank``.
  package var rank: Int {
    switch self {
    case .local: 0
    case .peer, .localAddress, .peerAddress: 1
    default: 2
    }
  }

  /// The columns that a list may omit on a narrow terminal, in the order of omission.
  package static let dispensable: [ConnectionColumn] = [
    .unacknowledged, .totalRetransmits, .timer, .pod, .stalled, .user, .unit, .container,
    .sendQueue, .receiveQueue, .age,
  ]
}
