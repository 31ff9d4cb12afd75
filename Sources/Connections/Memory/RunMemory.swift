/// What connreap remembers from earlier runs of this boot, in one network namespace.
public struct RunMemory: Equatable, Sendable {
  /// The connections that a policy flagged or is waiting for, by cookie.
  public var connections: [SocketCookie: RememberedConnection]
  /// How often each policy flagged each connection.
  public var flags: [FlagKey: RememberedFlag]
  /// The groups that policies acted on or reported.
  public var groups: [RememberedGroupKey: RememberedGroup]

  /// The maximum number of connections to remember: a machine can have a million sockets.
  public static let connectionLimit = 50_000

  /// How long to remember a connection that is no longer seen, in milliseconds: 14 days.
  public static let longestAbsence: UInt64 = 14 * 86_400_000

  /// Creates a memory; empty by default.
  public init(
    connections: [SocketCookie: RememberedConnection] = [:],
    flags: [FlagKey: RememberedFlag] = [:], groups: [RememberedGroupKey: RememberedGroup] = [:]
  ) {
    self.connections = connections
    self.flags = flags
    self.groups = groups
  }

  /// Removes a connection that is gone.
  public mutating func forget(_ cookie: SocketCookie, flaggedBy policies: some Sequence<String>) {
    connections[cookie] = nil
    for policy in policies { flags[FlagKey(policy: policy, cookie: cookie)] = nil }
  }
}

/// A policy and a connection that it flagged.
public struct FlagKey: Hashable, Sendable {
  /// The name of the policy.
  public let policy: String
  /// The cookie of the connection.
  public let cookie: SocketCookie

  /// Creates the key for `policy` and the connection with `cookie`.
  public init(policy: String, cookie: SocketCookie) {
    self.policy = policy
    self.cookie = cookie
  }
}

/// How often a policy flagged a connection.
public struct RememberedFlag: Equatable, Sendable {
  /// The fingerprint of the policy's rules. Flags made under other rules do not count.
  public var rules: UInt64
  /// The number of consecutive runs that flagged it.
  public var runs: Int
  /// The number of runs that have missed it since. A dump can miss an existing socket.
  public var missed: Int
  /// Whether the policy has already enabled keepalive on it.
  public var isArmed: Bool

  /// Creates a flag with these counts.
  public init(rules: UInt64, runs: Int, missed: Int = 0, isArmed: Bool = false) {
    self.rules = rules
    self.runs = runs
    self.missed = missed
    self.isArmed = isArmed
  }

  /// How many runs may miss a connection before its flags are discarded.
  public static let grace = 1
}

/// A policy and one of the groups in which it counts connections.
public struct RememberedGroupKey: Hashable, Sendable {
  /// The name of the policy.
  public let policy: String
  /// What the connections have in common, as text that is the same in each run.
  public let group: KernelName

  /// Creates the key for a group of `policy`.
  public init(policy: String, group: KernelName) {
    self.policy = policy
    self.group = group
  }
}

/// How often a policy acted on a group.
public struct RememberedGroup: Equatable, Sendable {
  /// The fingerprint of the policy's rules.
  public var rules: UInt64
  /// The number of runs that acted on the group or reported it.
  public var rounds: Int
  /// The number of runs since then in which the group was below its threshold.
  public var quiet: Int
  /// The uptime of the first round, in milliseconds.
  public var firstRound: UInt64
  /// The size of the group in the first round.
  public var firstCount: Int
  /// The number of its connections closed since then.
  public var closed: Int
  /// Whether a notification about it was sent.
  public var isNotified: Bool

  /// Creates a group record.
  public init(
    rules: UInt64, rounds: Int, quiet: Int = 0, firstRound: UInt64, firstCount: Int,
    closed: Int = 0, isNotified: Bool = false
  ) {
    self.rules = rules
    self.rounds = rounds
    self.quiet = quiet
    self.firstRound = firstRound
    self.firstCount = firstCount
    self.closed = closed
    self.isNotified = isNotified
  }

  /// The number of quiet runs after which a group is discarded.
  public static let patience = 2

  /// How many connections per hour the group gains, given `count` now at `uptime`; nil before the
  /// first second has passed.
  public func growthPerHour(count: Int, at uptime: UInt64) -> Int? {
    guard uptime >= firstRound + 1000 else { return nil }
    let arrived = Double(max(0, closed + count - firstCount))
    return Int((arrived * 3_600_000 / Double(uptime - firstRound)).rounded())
  }
}
