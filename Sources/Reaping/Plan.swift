public import Connections
public import Scanning

/// Which connections are to be closed, in which order, and which are spared and why.
public struct Plan: Sendable {
  /// The snapshot that the plan was made from.
  public let snapshot: Snapshot
  /// The selected connections in closing order: the longest idle first.
  public let steps: [Step]

  /// One connection and the decision about it.
  public struct Step: Sendable {
    /// The connection as it was when the plan was made.
    public let connection: Connection
    /// The decision.
    public let decision: Decision
    /// The closing method.
    public let method: ClosingMethod
    /// The policy that requests it; nil for a manual selection.
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
    /// The index among the policies of the run.
    public let index: Int
    /// The name.
    public let name: String

    /// The policy with this index and name.
    public init(index: Int, name: String) {
      self.index = index
      self.name = name
    }
  }

  /// The decision about a connection.
  public enum Decision: Equatable, Sendable {
    /// Close it.
    case close
    /// Do not close it, for this reason.
    case spare(SpareReason)

    /// Whether it is spared only because not all of its owners are known.
    public var isForUnknownOwner: Bool {
      switch self {
      case .spare(.ownerUnknown), .spare(.ownerHidden): true
      case .close, .spare: false
      }
    }
  }

  /// The plan with these steps, sorted by idle time, longest first.
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

  /// The steps that close a connection or arm keepalive on it.
  public var closings: [Step] {
    // Usually nothing is spared, and nothing need be copied.
    steps.allSatisfy { $0.decision == .close } ? steps : steps.filter { $0.decision == .close }
  }
}

extension Connection {
  /// The order of closing: longest idle first, unknown idle times last, then by cookie.
  fileprivate func comesBefore(_ other: Connection) -> Bool {
    let (age, otherAge) = (inStateAtLeast ?? idle, other.inStateAtLeast ?? other.idle)
    if age == otherAge { return cookie.rawValue < other.cookie.rawValue }
    guard let age else { return false }
    guard let otherAge else { return true }
    return age > otherAge
  }
}
