public import Connections
public import DescriptorActions
public import Netlink

/// The outcome of one step of a plan.
public struct Outcome: Sendable {
  /// The step.
  public let step: Plan.Step
  /// The result.
  public let result: Result
  /// The state of a connection that was shut down and waits for its peer to close it too.
  public let ending: TCPState?

  /// The outcome of `step`.
  public init(_ step: Plan.Step, _ result: Result, ending: TCPState? = nil) {
    self.step = step
    self.result = result
    self.ending = ending
  }

  /// The reason for the result, for a user; nil if there is none.
  public var reason: String? {
    if let reason = result.reason { return reason }
    guard let ending else { return nil }
    return step.connection.isMPTCPSubflow
      ? "its MPTCP connection is closed; the subflow stays in \(ending.label) until the peer closes it"
      : "FIN sent; in \(ending.label) until the peer answers"
  }

  /// The result of a step.
  public enum Result: Equatable, Sendable {
    /// It was closed. The kernel no longer lists it, or lists it until the peer closes it too.
    case closed
    /// It had ended by itself.
    case gone
    /// It was not closed because of a guard or a rule.
    case spared(SpareReason)
    /// It was not closed and still exists.
    case failed(FailureReason)
    /// The kernel reported success or did not answer, but the connection may still exist.
    case unverified(UnverifiedReason)

    /// The word in tables and JSON.
    public var word: String {
      switch self {
      case .closed: "closed"
      case .gone: "gone"
      case .spared: "spared"
      case .failed: "failed"
      case .unverified: "unverified"
      }
    }

    /// The reason, for a user; nil if there is none.
    public var reason: String? {
      switch self {
      case .closed, .gone: nil
      case .spared(let reason): reason.description
      case .failed(let reason): reason.description
      case .unverified(let reason): reason.description
      }
    }
  }

  /// Why a connection was not closed.
  public enum FailureReason: Equatable, Sendable {
    /// `EPERM`: the capability is missing in the user namespace that owns the network namespace.
    case notPermitted
    /// `EOPNOTSUPP`: this kernel cannot destroy this socket.
    case notSupported
    /// The kernel lists it but does not find it by its addresses and cookie.
    case notFoundByAddress
    /// The run stopped before this step.
    case notDone(StopReason)
    /// The action on a descriptor failed.
    case descriptor(DescriptorProblem)
    /// Another netlink error.
    case netlink(NetlinkProblem)
  }

  /// Why it is not known whether a connection is closed.
  public enum UnverifiedReason: Equatable, Sendable {
    /// The kernel reported success but still lists it in this state.
    case stillListed(TCPState)
    /// The verification failed.
    case cannotLook(NetlinkProblem)
  }
}

extension Plan {
  /// The outcomes of the steps that spare a connection.
  public var sparingOutcomes: [Outcome] {
    steps.compactMap { step in
      guard case .spare(let reason) = step.decision else { return nil }
      return Outcome(step, .init(of: reason))
    }
  }
}

extension Outcome.Result {
  /// The result of a step that spares its connection for `reason`.
  init(of reason: SpareReason) {
    self = reason == .ended ? .gone : .spared(reason)
  }
}

extension Outcome.FailureReason: CustomStringConvertible {
  /// The reason, for a user.
  public var description: String {
    switch self {
    case .notPermitted: "operation not permitted"
    case .notSupported: "this kernel cannot destroy it"
    case .notFoundByAddress: "the kernel lists it but does not find it by its addresses"
    case .descriptor(let problem): problem.description
    case .notDone(let reason): "not done: \(reason)"
    case .netlink(let problem): problem.description
    }
  }
}

extension Outcome.UnverifiedReason: CustomStringConvertible {
  /// The reason, for a user.
  public var description: String {
    switch self {
    case .stillListed(let state):
      "the kernel reported success but still lists it in \(state.label)"
    case .cannotLook(let problem): "cannot verify it: \(problem)"
    }
  }
}
