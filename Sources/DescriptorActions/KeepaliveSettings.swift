/// When the kernel is to ask an idle peer for a sign of life, and when to give it up.
///
/// See tcp(7). A peer that answers is never given up, however little it has to say.
public struct KeepaliveSettings: Hashable, Sendable {
  /// After how many seconds without a segment the first probe is sent (`TCP_KEEPIDLE`).
  public let idle: Int32
  /// How many seconds lie between two probes (`TCP_KEEPINTVL`).
  public let interval: Int32
  /// After how many unanswered probes the connection is given up (`TCP_KEEPCNT`).
  public let count: Int32
  /// After how many milliseconds it is given up when data, or a probe, is not acknowledged
  /// (`TCP_USER_TIMEOUT`); nil leaves it as it is.
  ///
  /// It also ends a connection whose peer answers and takes no data for so long.
  public let userTimeout: UInt32?

  /// The kernel's greatest value for ``idle`` and ``interval`` (`MAX_TCP_KEEPIDLE`).
  public static let longest: Int32 = 32_767
  /// The kernel's greatest value for ``count`` (`MAX_TCP_KEEPCNT`).
  public static let most: Int32 = 127

  /// A dead peer is found after two minutes.
  public static let usual = KeepaliveSettings(uncheckedIdle: 60, interval: 10, count: 6)

  /// These times; nil when the kernel would not take one of them.
  public init?(idle: Int32, interval: Int32, count: Int32, userTimeout: UInt32? = nil) {
    guard (1...Self.longest).contains(idle), (1...Self.longest).contains(interval),
      (1...Self.most).contains(count), userTimeout.map({ $0 > 0 && $0 <= Int32.max }) ?? true
    else { return nil }
    self.init(uncheckedIdle: idle, interval: interval, count: count, userTimeout: userTimeout)
  }

  private init(
    uncheckedIdle idle: Int32, interval: Int32, count: Int32, userTimeout: UInt32? = nil
  ) {
    self.idle = idle
    self.interval = interval
    self.count = count
    self.userTimeout = userTimeout
  }
}

/// What keepalive of one socket is.
public struct KeepaliveState: Hashable, Sendable {
  /// `SO_KEEPALIVE`.
  public let isOn: Bool
  /// `TCP_KEEPIDLE`, in seconds.
  public let idle: Int32
  /// `TCP_KEEPINTVL`, in seconds.
  public let interval: Int32
  /// `TCP_KEEPCNT`.
  public let count: Int32
  /// `TCP_USER_TIMEOUT`, in milliseconds; 0 for the system's own.
  public let userTimeout: UInt32

  /// A state of these values.
  public init(isOn: Bool, idle: Int32, interval: Int32, count: Int32, userTimeout: UInt32) {
    self.isOn = isOn
    self.idle = idle
    self.interval = interval
    self.count = count
    self.userTimeout = userTimeout
  }

  /// After how many seconds without an answer a peer is given up, from its last sign of life.
  public var patience: Int { Int(idle) + Int(interval) * Int(count) }
}

/// What keepalive of a socket was, and what it has become.
public struct KeepaliveChange: Hashable, Sendable {
  /// Before.
  public let old: KeepaliveState
  /// Afterwards, as the kernel says it.
  public let new: KeepaliveState

  /// The change from `old` to `new`.
  public init(old: KeepaliveState, new: KeepaliveState) {
    self.old = old
    self.new = new
  }
}

extension KeepaliveState: CustomStringConvertible {
  /// `off`, or `60s + 6 × 10s`, with the user timeout where there is one.
  public var description: String {
    let probes = isOn ? "\(idle)s + \(count) × \(interval)s" : "off"
    return userTimeout == 0 ? probes : "\(probes), user timeout \(userTimeout)ms"
  }
}
