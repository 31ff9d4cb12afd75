/// What one policy found among the connections of one moment, and what follows.
public struct PolicyFindings: Equatable, Sendable {
  /// The policy.
  public let policy: Policy
  /// The index of the policy among those of the run.
  public let policyIndex: Int
  /// What it counts, the largest group first and equals by label.
  public let groups: [FindingGroup]
  /// What it matched and leaves alone, in increasing order of rows.
  public let spared: [SparedConnection]
  /// How many it matched that one of its exceptions takes out.
  public let excludedCount: Int
  /// How many it might have matched: something that decides it is unknown. They are never acted on.
  public let undecided: UndecidedCounts
  /// Their rows, in increasing order.
  public let undecidedRows: [Int]
  /// Why nothing of it is done, although groups have reached the threshold.
  public let refusal: LimitRefusal?
  /// The rows that it flagged, in increasing order: all that it counts, and what it would count
  /// but for an earlier policy or for not having seen it often enough.
  public let flagged: [Int]
  /// The rows to remember beside those: only time is missing until it may flag them.
  public let awaited: [Int]
  /// The rows of remembered connections about which it could not decide.
  public let unsure: [Int]

  /// The rows to close, group by group: none for a policy that reports or is refused.
  public var rowsToActOn: [Int] {
    policy.action == .report || refusal != nil ? [] : rowsOverThreshold
  }

  /// The rows to act on of the groups that have reached the threshold, whatever the policy does
  /// then.
  public var rowsOverThreshold: [Int] { groups.flatMap(\.rowsToActOn) }

  /// The groups that the policy has given up.
  public var givenUp: [FindingGroup] {
    groups.filter { if case .giveUp = $0.decision { true } else { false } }
  }
}

/// A connection that a policy matched and leaves alone.
public struct SparedConnection: Equatable, Sendable {
  /// Its row.
  public let row: Int
  /// Why it is left alone.
  public let reason: Reason

  /// The connection of `row`, left alone for `reason`.
  public init(row: Int, reason: Reason) {
    self.row = row
    self.reason = reason
  }

  /// Why a connection is left alone.
  public enum Reason: Equatable, Sendable {
    /// It has not been in its state for as long as the policy asks.
    case tooYoung
    /// The protection with this index in the policy's list covers it or, when not `certain`,
    /// may do so: something that decides it is unknown.
    case protected(by: Int, certain: Bool)
    /// An earlier policy acts on it: the one with this index.
    case taken(by: Int)
    /// The policy flags it in so many runs in a row now, fewer than it asks for; nil when earlier
    /// runs are unknown.
    case notSeenEnough(runs: Int?)
    /// The policy armed keepalive on it in an earlier run.
    case armed
  }
}

/// How many connections a policy could not decide about, by what is unknown.
public struct UndecidedCounts: Equatable, Sendable {
  /// Whether the policy matches it.
  public internal(set) var match = 0
  /// Whether it is old enough or idle for long enough: earlier runs do not reach back so far.
  public internal(set) var time = 0
  /// Whether an exception takes it out.
  public internal(set) var exception = 0
  /// How long it has been in its state.
  public internal(set) var inState = 0
  /// Who it belongs to, by whom it would be counted: the process, the unit or the container. It
  /// may be in none.
  public internal(set) var owner = 0

  /// All of them.
  public var total: Int { match + time + exception + inState + owner }
}

/// A policy would act on more connections than it may in one run, and so acts on none.
public struct LimitRefusal: Equatable, Sendable {
  /// How many it would act on.
  public let count: Int
  /// How many it may.
  public let limit: Int
  /// The group of which that is too large a part; nil when all together are too many.
  public let share: Share?

  /// A part of all connections of one group.
  public struct Share: Equatable, Sendable {
    /// What the group is called.
    public let label: String
    /// How many percent the policy may act on.
    public let percent: Int
    /// How many connections there are of the group in all.
    public let total: Int
  }
}
