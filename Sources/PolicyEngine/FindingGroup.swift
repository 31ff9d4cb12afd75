public import Connections

/// What the connections of a group have in common.
public enum GroupKey: Hashable, Sendable {
  /// The process that holds them; of several, the one with the lowest pid.
  case process(ProcessIdentity)
  /// The systemd unit of the processes that hold them.
  case unit(KernelName)
  /// The container of the processes that hold them, by its id.
  case container(KernelName)
  /// The Kubernetes pod of the processes that hold them, by its uid or else its name.
  case pod(KernelName)
  /// The user of the socket.
  case user(UInt32)
  /// The peer's address; IPv4 whether mapped or not.
  case peer(IPAddress)
  /// The local end; IPv4 whether mapped or not.
  case listener(Endpoint)
  /// Nothing: it is the only group.
  case all
}

/// Connections that a policy matched and counts together.
public struct FindingGroup: Equatable, Sendable {
  /// What they have in common.
  public let key: GroupKey
  /// The network namespace that all of them are in, by its index among those that were looked at.
  public let namespace: UInt16
  /// What to call the group: `java[1744]`, a unit, a container, a user, an address, an address and port, or `all`.
  ///
  /// It can hold what a process chose to be called: escape it before printing.
  public let label: String
  /// Their rows, in increasing order; at least one.
  public let rows: [Int]
  /// Of those the newest, which the policy leaves alone, in increasing order.
  public let kept: [Int]
  /// At how many the policy acts.
  public let threshold: Int
  /// How many connections there are of this group in all, matched or not; nil when nobody asked.
  public let total: Int?
  /// The rounds of earlier runs with this group; nil without any.
  public let past: RememberedGroup?
  /// After how many rounds the policy gives up; nil for never.
  public let giveUpAfter: Int?

  /// What follows from their number.
  public enum Decision: Equatable, Sendable {
    /// There are as many as the threshold or more.
    case act
    /// There are fewer.
    case belowThreshold
    /// There are as many, after so many rounds: closing them does not help, the program leaks.
    case giveUp(rounds: Int)
  }

  /// What follows from their number.
  public var decision: Decision {
    guard rows.count >= threshold else { return .belowThreshold }
    if let giveUpAfter, let past, past.rounds >= giveUpAfter {
      return .giveUp(rounds: past.rounds)
    }
    return .act
  }

  /// The rows that the policy acts on, unless it is refused.
  public var rowsToActOn: [Int] {
    guard decision == .act else { return [] }
    guard !kept.isEmpty else { return rows }
    let kept = Set(kept)
    return rows.filter { !kept.contains($0) }
  }
}

extension FindingGroup {
  /// Largest first, then by label, then by the first row.
  static func comesBefore(_ one: FindingGroup, _ other: FindingGroup) -> Bool {
    if one.rows.count != other.rows.count { return one.rows.count > other.rows.count }
    if one.label != other.label { return one.label < other.label }
    if one.namespace != other.namespace { return one.namespace < other.namespace }
    return one.rows.lexicographicallyPrecedes(other.rows)
  }
}
