public import Connections

/// The memory of earlier runs at the time of a run.
public struct PolicyHistory: Sendable {
  /// The memory of each examined network namespace, by its index.
  public let memories: [UInt16: RunMemory]
  /// The uptime at this run, in milliseconds.
  public let now: UInt64

  /// The memories of earlier runs at the time `now`. Nothing is known or recorded about a namespace
  /// without a memory.
  public init(_ memories: [UInt16: RunMemory], now: UInt64) {
    self.memories = memories
    self.now = now
  }

  /// The memory of `connection`; nil if there is none.
  func remembered(_ connection: Connection) -> RememberedConnection? {
    memories[connection.namespace]?.connections[connection.cookie]
  }

  /// The flag that earlier runs of the policy with these rules set on `connection`; nil if there is
  /// none that still counts.
  ///
  /// A connection that a run missed must not have changed since.
  func flag(of policy: String, rules: UInt64, on connection: Connection) -> RememberedFlag? {
    let key = FlagKey(policy: policy, cookie: connection.cookie)
    guard let flag = memories[connection.namespace]?.flags[key], flag.rules == rules,
      flag.missed <= RememberedFlag.grace,
      let remembered = remembered(connection),
      remembered.past(of: connection, at: now) != nil,
      flag.missed == 0 || remembered.isUnchanged(in: connection, at: now)
    else { return nil }
    return flag
  }

  /// What earlier runs of the policy recorded about the group of `key`; nil if nothing.
  func group(
    of policy: String, rules: UInt64, _ key: GroupKey, in namespace: UInt16
  ) -> RememberedGroup? {
    let key = RememberedGroupKey(policy: policy, group: key.identifier)
    guard let group = memories[namespace]?.groups[key], group.rules == rules,
      group.firstRound <= now
    else { return nil }
    return group
  }
}

extension GroupKey {
  /// A text that identifies the group in every run of this boot.
  public var identifier: KernelName { KernelName(identifyingText) }

  private var identifyingText: String {
    switch self {
    case .process(let identity):
      "process \(identity.pid) \(identity.startTicks.map(String.init) ?? "?")"
    case .program(let program):
      switch program.place {
      case .container(let container):
        Self.text("program", program.name) + Self.text(" in container", container.id)
      case .unit(let unit): Self.text("program", program.name) + Self.text(" in unit", unit)
      case nil: Self.text("program", program.name)
      }
    case .unit(let name): Self.text("unit", name)
    case .container(let id): Self.text("container", id)
    case .pod(let id): Self.text("pod", id)
    case .user(let id): "user \(id)"
    case .peer(let address): "peer \(address)"
    case .listener(let endpoint): "listener \(endpoint)"
    case .all: "all"
    }
  }
  /// A name that is not UTF-8 is written as its bytes, so that no other name looks the same.
  private static func text(_ kind: String, _ name: KernelName) -> String {
    name.exactText.map { "\(kind) \($0)" }
      ?? "\(kind)-bytes " + name.bytes.map { String($0, radix: 16) }.joined(separator: " ")
  }
}
