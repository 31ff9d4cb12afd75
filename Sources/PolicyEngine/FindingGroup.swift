public import Connections

/// What the connections of a group have in common.
public enum GroupKey: Hashable, Sendable {
  /// The process that holds them; of several, the one with the lowest pid.
  case process(ProcessIdentity)
  /// The systemd unit of the processes that hold them.
  case unit(String)
  /// The container of the processes that hold them, by its id.
  case container(String)
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
  /// What to call the group: `java[1744]`, a unit, a container, a user, an address, an address and port, or `all`.
  ///
  /// It can hold what a process chose to be called: escape it before printing.
  public let label: String
  /// Their rows, in increasing order; at least one.
  public let rows: [Int]
  /// At how many the policy acts.
  public let threshold: Int

  /// What follows from their number.
  public enum Decision: Equatable, Sendable {
    /// There are as many as the threshold or more.
    case act
    /// There are fewer.
    case belowThreshold
  }

  /// What follows from their number.
  public var decision: Decision { rows.count >= threshold ? .act : .belowThreshold }
}

extension FindingGroup {
  /// Largest first, then by label, then by the first row.
  static func comesBefore(_ one: FindingGroup, _ other: FindingGroup) -> Bool {
    if one.rows.count != other.rows.count { return one.rows.count > other.rows.count }
    if one.label != other.label { return one.label < other.label }
    return one.rows.lexicographicallyPrecedes(other.rows)
  }
}
