/// What is remembered from earlier runs, of this boot and one network namespace.
public struct RunMemory: Equatable, Sendable {
  /// The connections that a policy flagged or waits for, by their cookies.
  public var connections: [SocketCookie: RememberedConnection]
  /// How often each policy flagged each of them.
  public var flags: [FlagKey: RememberedFlag]
  /// The groups that policies acted on or reported.
  public var groups: [RememberedGroupKey: RememberedGroup]

  /// How many connections are remembered at most: a million sockets are not a million rows.
  public static let connectionLimit = 50_000

  /// For how long a connection is remembered that no run sees any more, in milliseconds: 14 days.
  public static let longestAbsence: UInt64 = 14 * 86_400_000

  /// These things; without any, nothing.
  public init(
    connections: [SocketCookie: RememberedConnection] = [:],
    flags: [FlagKey: RememberedFlag] = [:], groups: [RememberedGroupKey: RememberedGroup] = [:]
  ) {
    self.connections = connections
    self.flags = flags
    self.groups = groups
  }

  /// Forgets a connection that is gone.
  public mutating func forget(_ cookie: SocketCookie, flaggedBy policies: some Sequence<String>) {
    connections[cookie] = nil
    for policy in policies { flags[FlagKey(policy: policy, cookie: cookie)] = nil }
  }
}

/// A policy and a connection that it flagged.
public struct FlagKey: Hashable, Sendable {
  /// The name of the policy.
  public let policy: String
  /// The connection.
  public let cookie: SocketCookie

  /// The flag of `policy` on the connection with `cookie`.
  public init(policy: String, cookie: SocketCookie) {
    self.policy = policy
    self.cookie = cookie
  }
}

/// How often a policy flagged a connection.
public struct RememberedFlag: Equatable, Sendable {
  /// The fingerprint of what the policy asked for: under other rules the flags say nothing.
  public var rules: UInt64
  /// In how many runs in a row it was flagged.
  public var runs: Int
  /// In how many runs it has been out of sight since. A dump can miss a socket that is there.
  public var missed: Int
  /// Whether the policy has armed keepalive on it: once is enough.
  public var isArmed: Bool

  /// A flag of so many runs.
  public init(rules: UInt64, runs: Int, missed: Int = 0, isArmed: Bool = false) {
    self.rules = rules
    self.runs = runs
    self.missed = missed
    self.isArmed = isArmed
  }

  /// How many runs may miss a connection before its flags are forgotten.
  public static let grace = 1
}

/// A policy and a group of connections that it counts together.
public struct RememberedGroupKey: Hashable, Sendable {
  /// The name of the policy.
  public let policy: String
  /// What the connections have in common, as a text that is the same in each run.
  public let group: KernelName

  /// The group of `policy` with this text.
  public init(policy: String, group: KernelName) {
    self.policy = policy
    self.group = group
  }
}

/// How often a policy acted on a group.
public struct RememberedGroup: Equatable, Sendable {
  /// The fingerprint of what the policy asked for.
  public var rules: UInt64
  /// In how many runs it acted, or reported.
  public var rounds: Int
  /// How many runs have found the group below its threshold since.
  public var quiet: Int
  /// The uptime of the first round, in milliseconds.
  public var firstRound: UInt64
  /// How many connections the group had then.
  public var firstCount: Int
  /// How many of its connections were closed since.
  public var closed: Int
  /// Whether somebody was told of it.
  public var isTold: Bool

  /// A group with these rounds.
  public init(
    rules: UInt64, rounds: Int, quiet: Int = 0, firstRound: UInt64, firstCount: Int,
    closed: Int = 0, isTold: Bool = false
  ) {
    self.rules = rules
    self.rounds = rounds
    self.quiet = quiet
    self.firstRound = firstRound
    self.firstCount = firstCount
    self.closed = closed
    self.isTold = isTold
  }

  /// After how many quiet runs a group is forgotten.
  public static let patience = 2

  /// How many connections an hour come to a group that has `count` now, at `uptime`; nil when no
  /// time has passed to tell it by.
  public func growthPerHour(count: Int, at uptime: UInt64) -> Int? {
    guard uptime >= firstRound + 1000 else { return nil }
    let arrived = Double(max(0, closed + count - firstCount))
    return Int((arrived * 3_600_000 / Double(uptime - firstRound)).rounded())
  }
}
