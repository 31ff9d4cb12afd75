/// What the kernel said of one TCP socket at one moment.
///
/// A row of a dump: of 136 octets and without references, since a machine can hold a million.
/// A figure that the kernel did not give is nil, never zero.
public struct Connection: Equatable, Sendable {
  /// What names the socket to the kernel.
  public let identity: SocketIdentity
  /// Its TCP state at the moment of the dump.
  public let state: TCPState
  /// The timer that runs on it.
  public let timer: ConnectionTimer
  /// Of several network namespaces that were looked at, the one it is in, by its index; a row does
  /// not say it.
  public var namespace: UInt16 = 0
  /// `idiag_inode`: the number by which `/proc/PID/fd` names the socket; 0 when no process has it.
  public let inode: UInt32
  /// Bytes received and not read; in LISTEN, connections waiting to be accepted (`idiag_rqueue`).
  public let receiveQueue: UInt32
  /// Bytes written and not acknowledged; in LISTEN, the backlog (`idiag_wqueue`).
  public let sendQueue: UInt32

  private let rawUserID: UInt32
  private let rawMark: UInt32
  private let rawCgroupID: UInt64
  private let figures: TCPFigures
  private var known: Known

  private struct Known: OptionSet, Equatable {
    let rawValue: UInt8
    static let mark = Known(rawValue: 1 << 0)
    static let cgroup = Known(rawValue: 1 << 1)
    static let mptcp = Known(rawValue: 1 << 2)
    static let autobound = Known(rawValue: 1 << 3)
    static let programBound = Known(rawValue: 1 << 4)
    static let v6Only = Known(rawValue: 1 << 5)
    static let bothFamilies = Known(rawValue: 1 << 6)
  }

  /// A row of the figures that the kernel gave; nil for what it did not give.
  ///
  /// - Parameter userID: ignored when `inode` is 0: the kernel then says 0 for want of an answer.
  public init(
    identity: SocketIdentity, state: TCPState, inode: UInt32, userID: UInt32,
    receiveQueue: UInt32, sendQueue: UInt32, timer: ConnectionTimer, figures: TCPFigures,
    mark: UInt32? = nil, cgroupID: UInt64? = nil, isMPTCPSubflow: Bool = false,
    isV6Only: Bool? = nil
  ) {
    self.identity = identity
    self.state = state
    self.inode = inode
    self.receiveQueue = receiveQueue
    self.sendQueue = sendQueue
    self.timer = timer
    self.figures = figures
    rawUserID = userID
    rawMark = mark ?? 0
    rawCgroupID = cgroupID ?? 0
    var known: Known = []
    if mark != nil { known.insert(.mark) }
    if cgroupID != nil { known.insert(.cgroup) }
    if isMPTCPSubflow { known.insert(.mptcp) }
    if let isV6Only { known.insert(isV6Only ? .v6Only : .bothFamilies) }
    self.known = known
  }

  /// The local end.
  public var local: Endpoint { identity.local }
  /// The peer's end.
  public var peer: Endpoint { identity.peer }
  /// The name of the socket for this boot.
  public var cookie: SocketCookie { identity.cookie }

  /// The user that made the socket; nil when no process has it, as the kernel's 0 is not root then.
  public var userID: UInt32? { inode == 0 ? nil : rawUserID }

  /// `SO_MARK`; the kernel tells it to CAP_NET_ADMIN only.
  public var mark: UInt32? { known.contains(.mark) ? rawMark : nil }

  /// The id of the cgroup that made the socket (`INET_DIAG_CGROUP_ID`, Linux 5.9 and later).
  public var cgroupID: UInt64? { known.contains(.cgroup) ? rawCgroupID : nil }

  /// Whether the socket carries part of an MPTCP connection (`INET_DIAG_ULP_INFO`).
  public var isMPTCPSubflow: Bool { known.contains(.mptcp) }

  /// Whether an IPv6 socket takes no IPv4 (`INET_DIAG_SKV6ONLY`); nil where the kernel does not tell,
  /// as of sockets that neither listen nor are only bound.
  public var isV6Only: Bool? {
    known.contains(.v6Only) ? true : known.contains(.bothFamilies) ? false : nil
  }

  /// Whether the kernel chose its local port, as far as it told: who was accepted has the port of a
  /// listener, and counts as bound by the kernel. Nil when it was not asked.
  public var isAutobound: Bool? {
    get { known.contains(.autobound) ? true : known.contains(.programBound) ? false : nil }
    set {
      known.subtract([.autobound, .programBound])
      if let newValue { known.insert(newValue ? .autobound : .programBound) }
    }
  }

  /// The figures of `tcp_info`; nil in LISTEN, where the kernel gives the words another meaning.
  public var tcp: TCPFigures? { state == .listen || figures.isEmpty ? nil : figures }
}

/// The timer that runs on a socket (`idiag_timer`, `idiag_expires`, `idiag_retrans`).
public struct ConnectionTimer: Equatable, Sendable {
  /// When it fires, in milliseconds from the moment of the dump.
  public let expires: UInt32
  /// What the timer is for.
  public let kind: Kind
  /// How many times the oldest segment, or the probe, was sent again.
  public let retransmits: UInt8

  /// A timer of this kind, that fires in `expires` milliseconds.
  public init(kind: Kind, expires: UInt32, retransmits: UInt8) {
    self.kind = kind
    self.expires = expires
    self.retransmits = retransmits
  }

  /// What the timer is for, with the kernel's number.
  public enum Kind: UInt8, CaseIterable, Sendable {
    /// No timer runs.
    case off = 0
    /// Data is waiting for its acknowledgement.
    case retransmit = 1
    /// The next keepalive probe, or the end of an orphan's FIN_WAIT2.
    case keepalive = 2
    /// The end of TIME_WAIT.
    case timeWait = 3
    /// The next probe of the peer's closed window.
    case zeroWindowProbe = 4
    /// The end of the delay of an acknowledgement (newer kernels).
    case delayedAcknowledgement = 5
    /// A kind that only newer kernels have: it is not the same as no timer.
    case unknown = 255

    /// The kind with the kernel's number.
    public init(number: UInt8) { self = Kind(rawValue: number) ?? .unknown }

    /// The name in JSON and in tables.
    public var name: String {
      switch self {
      case .off: "off"
      case .retransmit: "retransmit"
      case .keepalive: "keepalive"
      case .timeWait: "time-wait"
      case .zeroWindowProbe: "zero-window-probe"
      case .delayedAcknowledgement: "delayed-ack"
      case .unknown: "unknown"
      }
    }
  }
}
