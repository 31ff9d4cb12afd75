public import Connections

/// What earlier runs remember, at the moment of a run.
public struct PolicyHistory: Sendable {
  /// What they remember.
  public let memory: RunMemory
  /// The uptime at this run, in milliseconds.
  public let now: UInt64

  /// The memory of earlier runs, as it is at `now`.
  public init(_ memory: RunMemory, now: UInt64) {
    self.memory = memory
    self.now = now
  }

  /// The flag that the policy of this name and these rules has put on `connection` in the runs
  /// before this one; nil without one that still counts.
  ///
  /// A connection that was out of sight in between must not have changed meanwhile.
  func flag(of policy: String, rules: UInt64, on connection: Connection) -> RememberedFlag? {
    let key = FlagKey(policy: policy, cookie: connection.cookie)
    guard let flag = memory.flags[key], flag.rules == rules,
      flag.missed <= RememberedFlag.grace,
      let remembered = memory.connections[connection.cookie],
      remembered.past(of: connection, at: now) != nil,
      flag.missed == 0 || remembered.isUnchanged(in: connection, at: now)
    else { return nil }
    return flag
  }

  /// The rounds of that policy with the group of `key` before this run; nil without any.
  func group(of policy: String, rules: UInt64, _ key: GroupKey) -> RememberedGroup? {
    let key = RememberedGroupKey(policy: policy, group: key.identifier)
    guard let group = memory.groups[key], group.rules == rules, group.firstRound <= now
    else { return nil }
    return group
  }
}

extension GroupKey {
  /// A text that names the group in every run of this boot.
  public var identifier: String {
    switch self {
    case .process(let identity):
      "process \(identity.pid) \(identity.startTicks.map(String.init) ?? "?")"
    case .unit(let name): "unit \(name)"
    case .container(let id): "container \(id)"
    case .user(let id): "user \(id)"
    case .peer(let address): "peer \(address)"
    case .listener(let endpoint): "listener \(endpoint)"
    case .all: "all"
    }
  }
}
