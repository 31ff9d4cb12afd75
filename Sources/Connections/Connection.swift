/// One TCP socket as the kernel described it at one moment.
///
/// A value takes 136 bytes and holds no references: a machine can have a million connections.
/// A value that the kernel did not report is nil, never zero.
public struct Connection: Equatable, Sendable {
  /// The endpoints, interface and cookie that identify the socket to the kernel.
  public let identity: SocketIdentity
  /// Its TCP state at the moment of the dump.
  public let state: TCPState
  /// The timer that is running on the socket.
  public let timer: ConnectionTimer
  /// The index of its network namespace among those scanned. The dump does not contain it.
  public var namespace: UInt16 = 0
  /// The inode number in `/proc/PID/fd` (`idiag_inode`); 0 when no process holds the socket.
  public let inode: UInt32
  /// Bytes received and not yet read; in LISTEN, the length of the accept queue (`idiag_rqueue`).
  public let receiveQueue: UInt32
  /// Bytes written and not yet acknowledged; in LISTEN, the backlog (`idiag_wqueue`).
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

  /// Creates a connection from the values that the kernel reported; nil for the others.
  ///
  /// - Parameter userID: ignored when `inode` is 0, because the kernel then reports no owner but 0.
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

  /// The local endpoint.
  public var local: Endpoint { identity.local }
  /// The peer's endpoint.
  public var peer: Endpoint { identity.peer }
  /// The number that identifies the socket until the next boot.
  public var cookie: SocketCookie { identity.cookie }

  /// The uid that created the socket; nil when no process holds it, because the kernel then reports 0.
  public var userID: UInt32? { inode == 0 ? nil : rawUserID }

  /// `SO_MARK`. The kernel reports it only with CAP_NET_ADMIN.
  public var mark: UInt32? { known.contains(.mark) ? rawMark : nil }

  /// The ID of the cgroup that created the socket (`INET_DIAG_CGROUP_ID`, Linux 5.9 and later).
  public var cgroupID: UInt64? { known.contains(.cgroup) ? rawCgroupID : nil }

  /// Whether the socket is a subflow of an MPTCP connection (`INET_DIAG_ULP_INFO`).
  public var isMPTCPSubflow: Bool { known.contains(.mptcp) }

  /// Whether an IPv6 socket refuses IPv4 (`INET_DIAG_SKV6ONLY`).
  ///
  /// The kernel reports it only for sockets that listen or are only bound; nil for others.
  public var isV6Only: Bool? {
    known.contains(.v6Only) ? true : known.contains(.bothFamilies) ? false : nil
  }

  /// Whether the kernel chose the local port; nil when it was not asked.
  ///
  /// Accepted sockets use the port of their listener and count as autobound.
  public var isAutobound: Bool? {
    get { known.contains(.autobound) ? true : known.contains(.programBound) ? false : nil }
    set {
      known.subtract([.autobound, .programBound])
      if let newValue { known.insert(newValue ? .autobound : .programBound) }
    }
  }

  /// The values of `tcp_info`; nil in LISTEN, where the fields have another meaning.
  public var tcp: TCPFigures? { state == .listen || figures.isEmpty ? nil : figures }
}

/// The timer that is running on a socket (`idiag_timer`, `idiag_expires`, `idiag_retrans`).
public struct ConnectionTimer: Equatable, Sendable {
  /// Time until it fires, in milliseconds from the dump.
  public let expires: UInt32
  /// What the timer is for.
  public let kind: Kind
  /// How many times the oldest segment or the probe was retransmitted.
  public let retransmits: UInt8

  /// Creates a timer of this kind that fires in `expires` milliseconds.
  public init(kind: Kind, expires: UInt32, retransmits: UInt8) {
    self.kind = kind
    self.expires = expires
    self.retransmits = retransmits
  }

  /// The purpose of a timer, with the kernel's number.
  public enum Kind: UInt8, CaseIterable, Sendable {
    /// No timer is running.
    case off = 0
    /// Data is awaiting its acknowledgement.
    case retransmit = 1
    /// The next keepalive probe, or the end of an orphan's FIN-WAIT-2.
    case keepalive = 2
    /// The end of TIME-WAIT.
    case timeWait = 3
    /// The next zero-window probe.
    case zeroWindowProbe = 4
    /// The delayed acknowledgement (newer kernels).
    case delayedAcknowledgement = 5
    /// A kind that this version of connreap does not know. It differs from ``off``.
    case unknown = 255

    /// Creates the kind with the kernel's number.
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
