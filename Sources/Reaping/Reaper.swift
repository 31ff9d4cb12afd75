public import Connections
public import DescriptorActions
public import Netlink
import SocketDiagnostics

/// Carries out a plan: reads each connection again, closes it, and looks at the end which are gone.
public struct Reaper {
  private let openTransport: (UInt16) throws(NetlinkProblem) -> any NetlinkTransport
  private let uptime: () -> UInt64?
  private let descriptors: any DescriptorAccess

  /// - Parameters:
  ///   - uptime: how long the machine has been up, in milliseconds, at the moment of the call.
  ///   - descriptors: reaches the descriptors of processes, for the methods that need them.
  ///   - openTransport: opens a conversation with the kernel, of the plan's network namespace.
  public init(
    uptime: @escaping () -> UInt64?,
    through descriptors: any DescriptorAccess = ProcessDescriptors(),
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.init(uptime: uptime, through: descriptors) { (_: UInt16) throws(NetlinkProblem) in
      try openTransport()
    }
  }

  /// A reaper for plans of several network namespaces, by their index in the plan's snapshot.
  public init(
    uptime: @escaping () -> UInt64?,
    through descriptors: any DescriptorAccess = ProcessDescriptors(),
    openTransportOf openTransport:
      @escaping (_ namespace: UInt16) throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.uptime = uptime
    self.descriptors = descriptors
    self.openTransport = openTransport
  }

  /// Closes what `plan` says, one connection after the other.
  ///
  /// - Parameters:
  ///   - isStillSelected: judges the connection of a step again as it is now, right before it is
  ///     closed.
  ///   - reasonToStop: asked before each closing, which it may make wait. Once it has a
  ///     reason, no further connection is touched; what was done until then is verified.
  /// - Returns: the outcome of each step, in the plan's order.
  /// - Throws: when no conversation with the kernel could be opened; nothing was closed then.
  public func carryOut(
    _ plan: Plan, isStillSelected: (Plan.Step, Connection) -> Bool,
    reasonToStop: (Plan.Step) -> StopReason? = { _ in nil }
  ) throws(NetlinkProblem) -> [Outcome] {
    var sessions: [UInt16: TCPDiagnostics] = [:]
    for namespace in Set(plan.closings.map(\.connection.namespace)) {
      sessions[namespace] = try converse(namespace)
    }
    let closer = SocketCloser(
      snapshot: plan.snapshot, descriptors: descriptors, converse: converse)
    var stopped: StopReason?
    var attempts: [ClosingAttempt] = []
    attempts.reserveCapacity(plan.steps.count)
    for step in plan.steps {
      if case .spare(let reason) = step.decision {
        attempts.append(.decided(.init(of: reason)))
        continue
      }
      stopped = stopped ?? reasonToStop(step)
      if let stopped {
        attempts.append(.decided(.failed(.notDone(stopped))))
        continue
      }
      attempts.append(
        closer.attempt(
          step, over: &sessions[step.connection.namespace], isStillSelected: isStillSelected))
    }
    return Verification(plan: plan, converse: converse).outcomes(of: attempts)
  }

  /// A conversation with the kernel, of the network namespace with this index.
  private func converse(_ namespace: UInt16) throws(NetlinkProblem) -> TCPDiagnostics {
    TCPDiagnostics(over: try openTransport(namespace), uptime: uptime())
  }
}
