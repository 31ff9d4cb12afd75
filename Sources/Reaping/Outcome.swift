public import Connections
public import DescriptorActions
public import Netlink

/// What became of one connection of a plan.
public struct Outcome: Sendable {
  /// What was planned for it.
  public let step: Plan.Step
  /// What came of it.
  public let result: Result
  /// The state in which the kernel still lists what was shut down, until its peer ends it too.
  public let ending: TCPState?

  /// The result of `step`.
  public init(_ step: Plan.Step, _ result: Result, ending: TCPState? = nil) {
    self.step = step
    self.result = result
    self.ending = ending
  }

  /// Why it is so, for a user; nil where the word of the result says it all.
  public var reason: String? {
    if let reason = result.reason { return reason }
    guard let ending else { return nil }
    return step.connection.isMPTCPSubflow
      ? "its MPTCP connection is ended; the subflow is in \(ending.label) until the peer ends it too"
      : "FIN sent; in \(ending.label) until the peer answers"
  }

  /// What can come of a planned closing.
  public enum Result: Equatable, Sendable {
    /// It was closed, and the kernel does not list it any more or, shut down, lists it until the
    /// peer ends it too.
    case closed
    /// It had ended by itself.
    case gone
    /// It was left alone.
    case spared(SpareReason)
    /// It is still there.
    case failed(FailureReason)
    /// The kernel said yes or nothing, and whether it is still there is not known, or it is.
    case unverified(UnverifiedReason)

    /// The word in tables and in JSON.
    public var word: String {
      switch self {
      case .closed: "closed"
      case .gone: "gone"
      case .spared: "spared"
      case .failed: "failed"
      case .unverified: "unverified"
      }
    }

    /// The reason, for a user; nil where the word says it all.
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
    /// `EPERM`: the capability is missing in the user namespace of the network namespace.
    case notPermitted
    /// `EOPNOTSUPP`: this kernel cannot destroy this socket.
    case notSupported
    /// The kernel lists it, but does not find it by its addresses and cookie.
    case notFoundByAddress
    /// The run stopped before it, so that nothing was tried.
    case notDone(StopReason)
    /// It could not be done through a descriptor.
    case descriptor(DescriptorProblem)
    /// Anything else.
    case netlink(NetlinkProblem)
  }

  /// Why it is not known whether a connection is closed.
  public enum UnverifiedReason: Equatable, Sendable {
    /// The kernel said yes, and lists it still, in this state.
    case stillListed(TCPState)
    /// The look that was to verify it failed.
    case cannotLook(NetlinkProblem)
  }
}

extension Plan {
  /// The outcomes of the steps that spare a connection, which need no carrying out.
  public var outcomesOfSparing: [Outcome] {
    steps.compactMap { step in
      guard case .spare(let reason) = step.decision else { return nil }
      return Outcome(step, .init(of: reason))
    }
  }
}

extension Outcome.Result {
  /// What comes of a step that spares its connection for `reason`.
  init(of reason: SpareReason) {
    self = reason == .ended ? .gone : .spared(reason)
  }
}

extension Outcome.FailureReason: CustomStringConvertible {
  /// The reason, as a user reads it.
  public var description: String {
    switch self {
    case .notPermitted: "operation not permitted"
    case .notSupported: "this kernel cannot destroy it"
    case .notFoundByAddress: "the kernel lists it, but does not find it by its addresses"
    case .descriptor(let problem): problem.description
    case .notDone(let reason): "not done: \(reason)"
    case .netlink(let problem): problem.description
    }
  }
}

extension Outcome.UnverifiedReason: CustomStringConvertible {
  /// The reason, as a user reads it.
  public var description: String {
    switch self {
    case .stillListed(let state): "the kernel said yes, and still lists it in \(state.label)"
    case .cannotLook(let problem): "it could not be looked for again: \(problem)"
    }
  }
}
