public import Connections

/// What the connections of a group have in common.
public enum GroupKey: Hashable, Sendable {
  /// The process that holds them; the lowest pid if there are several.
  case process(ProcessIdentity)
  /// The program of that process.
  case program(Program)
  /// The systemd unit of the processes that hold them.
  case unit(KernelName)
  /// The container of the processes that hold them, by its ID.
  case container(KernelName)
  /// The Kubernetes pod of the processes that hold them, by its UID or else its name.
  case pod(KernelName)
  /// The user of the socket.
  case user(UInt32)
  /// The peer's address, unmapped.
  case peer(IPAddress)
  /// The local end, with its address unmapped.
  case listener(Endpoint)
  /// Nothing: the group has every connection.
  case all
}

/// Connections that a policy matched and counts together.
public struct FindingGroup: Equatable, Sendable {
  /// What the connections have in common.
  public let key: GroupKey
  /// The index of their network namespace among the examined ones.
  public let namespace: UInt16
  /// The name of the group: `java[1744]`, `orders.jar (orders.service)`, a unit, a container, a user, an address, an address and
  /// port, or `all`.
  ///
  /// A process may have chosen it: escape it before printing.
  public let label: String
  /// The rows, in increasing order; at least one.
  public let rows: [Int]
  /// The newest rows, which the policy keeps, in increasing order.
  public let kept: [Int]
  /// The number of rows from which the policy acts.
  public let threshold: Int
  /// The total number of connections in this group, matched or not; nil if not counted.
  public let total: Int?
  /// What earlier runs recorded about this group; nil if nothing.
  public let past: RememberedGroup?
  /// The number of runs after which the policy gives up; nil for never.
  public let giveUpAfter: Int?

  /// What the policy does with the group.
  public enum Decision: Equatable, Sendable {
    /// The threshold is reached.
    case act
    /// The threshold is not reached.
    case belowThreshold
    /// The threshold is still reached after this many runs: the program keeps leaking.
    case giveUp(rounds: Int)
  }

  /// What the policy does with the group.
  public var decision: Decision {
    guard rows.count >= threshold else { return .belowThreshold }
    if let giveUpAfter, let past, past.rounds >= giveUpAfter {
      return .giveUp(rounds: past.rounds)
    }
    return .act
  }

  /// The rows that the policy acts on, unless it exceeds a limit.
  public var rowsToActOn: [Int] {
    guard decision == .act else { return [] }
    guard !kept.isEmpty else { return rows }
    let kept = Set(kept)
    return rows.filter { !kept.contains($0) }
  }
}

extension FindingGroup {
  /// Largest first, then by label, namespace and rows.
  static func comesBefore(_ lhs: FindingGroup, _ rhs: FindingGroup) -> Bool {
    if lhs.rows.count != rhs.rows.count { return lhs.rows.count > rhs.rows.count }
    if lhs.label != rhs.label { return lhs.label < rhs.label }
    if lhs.namespace != rhs.namespace { return lhs.namespace < rhs.namespace }
    return lhs.rows.lexicographicallyPrecedes(rhs.rows)
  }
}
