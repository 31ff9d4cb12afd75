/// When the kernel probes an idle peer, and when it gives up.
///
/// See tcp(7). The kernel never gives up a peer that answers probes.
public struct KeepaliveSettings: Hashable, Sendable {
  /// Idle time before the first probe, in seconds (`TCP_KEEPIDLE`).
  public let idle: Int32
  /// Time between two probes, in seconds (`TCP_KEEPINTVL`).
  public let interval: Int32
  /// The number of unanswered probes after which the kernel gives up (`TCP_KEEPCNT`).
  public let count: Int32
  /// Time after which the kernel gives up unacknowledged data or probes, in milliseconds
  /// (`TCP_USER_TIMEOUT`); nil leaves it unchanged.
  ///
  /// It also ends a connection whose peer answers but accepts no data for that long.
  public let userTimeout: UInt32?

  /// The kernel's maximum for ``idle`` and ``interval`` (`MAX_TCP_KEEPIDLE`), in seconds.
  public static let maximumSeconds: Int32 = 32_767
  /// The kernel's maximum for ``count`` (`MAX_TCP_KEEPCNT`).
  public static let maximumCount: Int32 = 127

  /// The default: detects a dead peer after two minutes.
  public static let standard = KeepaliveSettings(uncheckedIdle: 60, interval: 10, count: 6)

  /// Creates settings; nil when the kernel would refuse one of them.
  public init?(idle: Int32, interval: Int32, count: Int32, userTimeout: UInt32? = nil) {
    guard (1...Self.maximumSeconds).contains(idle), (1...Self.maximumSeconds).contains(interval),
      (1...Self.maximumCount).contains(count),
      userTimeout.map({ $0 > 0 && $0 <= Int32.max }) ?? true
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

/// The keepalive settings of a socket.
public struct KeepaliveState: Hashable, Sendable {
  /// Whether keepalive is on (`SO_KEEPALIVE`).
  public let isOn: Bool
  /// Idle time before the first probe, in seconds (`TCP_KEEPIDLE`).
  public let idle: Int32
  /// Time between two probes, in seconds (`TCP_KEEPINTVL`).
  public let interval: Int32
  /// The number of unanswered probes after which the kernel gives up (`TCP_KEEPCNT`).
  public let count: Int32
  /// The user timeout in milliseconds (`TCP_USER_TIMEOUT`); 0 for the system's default.
  public let userTimeout: UInt32

  /// Creates a state.
  public init(isOn: Bool, idle: Int32, interval: Int32, count: Int32, userTimeout: UInt32) {
    self.isOn = isOn
    self.idle = idle
    self.interval = interval
    self.count = count
    self.userTimeout = userTimeout
  }

  /// The time from the peer's last sign of life until the kernel gives up, in seconds.
  public var patience: Int { Int(idle) + Int(interval) * Int(count) }
}

/// A socket's keepalive settings before and after a change.
public struct KeepaliveChange: Hashable, Sendable {
  /// The settings before the change.
  public let old: KeepaliveState
  /// The settings after the change, as the kernel reports them.
  public let new: KeepaliveState

  /// Creates the change from `old` to `new`.
  public init(old: KeepaliveState, new: KeepaliveState) {
    self.old = old
    self.new = new
  }
}

extension KeepaliveState: CustomStringConvertible {
  /// `off`, or `60s + 6 × 10s`, with the user timeout if it is set.
  public var description: String {
    let probes = isOn ? "\(idle)s + \(count) × \(interval)s" : "off"
    return userTimeout == 0 ? probes : "\(probes), user timeout \(userTimeout)ms"
  }
}
