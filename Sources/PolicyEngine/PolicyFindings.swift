/// The findings of one policy in one snapshot.
public struct PolicyFindings: Equatable, Sendable {
  /// The policy.
  public let policy: Policy
  /// The index of the policy among those of the run.
  public let policyIndex: Int
  /// The groups it counts, largest first, then by label.
  public let groups: [FindingGroup]
  /// The matched connections that it does not act on, in increasing order of rows.
  public let spared: [SparedConnection]
  /// The number of matched connections that an exception leaves out.
  public let excludedCount: Int
  /// The number of connections that cannot be decided because a fact is unknown. The policy never
  /// acts on them.
  public let undecided: UndecidedCounts
  /// The undecided rows, in increasing order.
  public let undecidedRows: [Int]
  /// The limit that the policy exceeds; nil if it may act.
  public let refusal: LimitRefusal?
  /// The flagged rows, in increasing order: those it counts, those that an earlier policy acts on,
  /// and those not yet seen in enough runs.
  public let flagged: [Int]
  /// Further rows to remember: the policy will flag them once enough time has passed.
  public let awaited: [Int]
  /// The rows of remembered connections that could not be decided.
  public let unsure: [Int]

  /// The rows to act on, group by group; none for a policy that reports or exceeds a limit.
  public var rowsToActOn: [Int] {
    policy.action == .report || refusal != nil ? [] : rowsOverThreshold
  }

  /// The rows to act on in the groups that reach the threshold, whatever the action and limits.
  public var rowsOverThreshold: [Int] { groups.flatMap(\.rowsToActOn) }

  /// The groups that the policy has given up on.
  public var givenUp: [FindingGroup] {
    groups.filter { if case .giveUp = $0.decision { true } else { false } }
  }
}

/// A connection that a policy matched but does not act on.
public struct SparedConnection: Equatable, Sendable {
  /// Its row.
  public let row: Int
  /// The reason.
  public let reason: Reason

  /// The connection of `row`, spared for `reason`.
  public init(row: Int, reason: Reason) {
    self.row = row
    self.reason = reason
  }

  /// Why a policy does not act on a connection.
  public enum Reason: Equatable, Sendable {
    /// It has not been in its state for long enough.
    case notLongEnough
    /// The protection with this index covers it. If not `certain`, a fact is unknown and it may.
    case protected(by: Int, certain: Bool)
    /// The earlier policy with this index acts on it.
    case taken(by: Int)
    /// Too few consecutive runs have flagged it; nil if earlier runs are unknown.
    case notSeenEnough(runs: Int?)
    /// The policy armed keepalive on it in an earlier run.
    case armed
  }
}

/// The numbers of connections that a policy could not decide, by what is unknown.
public struct UndecidedCounts: Equatable, Sendable {
  /// Unknown whether the policy matches.
  public internal(set) var match = 0
  /// Unknown whether it is old or idle enough: earlier runs do not reach back that far.
  public internal(set) var time = 0
  /// Unknown whether an exception applies.
  public internal(set) var exception = 0
  /// Unknown time in the state.
  public internal(set) var inState = 0
  /// Unknown process, unit, container or pod by which it would be grouped. It may be in none.
  public internal(set) var owner = 0

  /// The sum.
  public var total: Int { match + time + exception + inState + owner }
}

/// A limit that a policy exceeds, so that it acts on nothing.
public struct LimitRefusal: Equatable, Sendable {
  /// The number of connections it would act on.
  public let count: Int
  /// The limit.
  public let limit: Int
  /// The group whose percentage limit is exceeded; nil if the limit of the whole run is.
  public let share: Share?

  /// A percentage limit of one group.
  public struct Share: Equatable, Sendable {
    /// The label of the group.
    public let label: String
    /// The limit, in percent.
    public let percent: Int
    /// The total number of connections in the group.
    public let total: Int
  }
}
