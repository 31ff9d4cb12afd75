public import Connections
public import Scanning

/// What would be closed, in which order, and what is spared and why. It changes nothing.
public struct Plan: Sendable {
  /// What the plan was made from: owners, and where and when.
  public let snapshot: Snapshot
  /// Every connection that was selected: the oldest first, in the order in which they are closed.
  public let steps: [Step]

  /// One connection and what is to become of it.
  public struct Step: Sendable {
    /// What the kernel said of it when the plan was made.
    public let connection: Connection
    /// What is to become of it.
    public let decision: Decision
    /// How it is to be closed.
    public let method: ClosingMethod
    /// The policy that asks for it; nil for a selection by hand.
    public let policy: PolicyReference?

    /// A step for `connection`.
    public init(
      connection: Connection, decision: Decision, method: ClosingMethod = .destroy,
      policy: PolicyReference? = nil
    ) {
      self.connection = connection
      self.decision = decision
      self.method = method
      self.policy = policy
    }
  }

  /// A policy of a run.
  public struct PolicyReference: Hashable, Sendable {
    /// The index of the policy among those of the run.
    public let index: Int
    /// The name of the policy.
    public let name: String

    /// The policy of this name at `index`.
    public init(index: Int, name: String) {
      self.index = index
      self.name = name
    }
  }

  /// What is to become of a connection.
  public enum Decision: Equatable, Sendable {
    /// It is to be closed.
    case close
    /// It is left alone, for this reason.
    case spare(SpareReason)

    /// Whether it is left alone only because not all of its owners are known.
    public var isForLackOfOwners: Bool {
      switch self {
      case .spare(.ownerUnknown), .spare(.ownerHidden): true
      case .close, .spare: false
      }
    }
  }

  /// The plan of these steps, which are put in order: the longest idle first.
  public init(_ steps: [Step], from snapshot: Snapshot) {
    self.snapshot = snapshot
    self.steps = steps.sorted { $0.connection.comesBefore($1.connection) }
  }

  /// The plan to close every connection of `snapshot` that no guard spares.
  public init(closing snapshot: Snapshot, guardedBy guards: Guards) {
    self.init(
      snapshot.connections.map { connection in
        let reason = guards.reasonToSpare(connection, in: snapshot)
        return Step(
          connection: connection, decision: reason.map(Decision.spare) ?? .close,
          method: guards.method)
      }, from: snapshot)
  }

  /// The connections that are to be closed or, by keepalive, armed.
  public var closings: [Step] {
    // Mostly nothing is spared, and then nothing need be copied.
    steps.allSatisfy { $0.decision == .close } ? steps : steps.filter { $0.decision == .close }
  }
}

extension Connection {
  /// The order of closing: the longest idle first, those of which that is unknown last, and among
  /// equals the one that was made first.
  fileprivate func comesBefore(_ other: Connection) -> Bool {
    let (age, otherAge) = (inStateAtLeast ?? idle, other.inStateAtLeast ?? other.idle)
    if age == otherAge { return cookie.rawValue < other.cookie.rawValue }
    guard let age else { return false }
    guard let otherAge else { return true }
    return age > otherAge
  }
}
