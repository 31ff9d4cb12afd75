public import Connections
public import DescriptorActions
public import Netlink
import SocketDiagnostics

/// Carries out a plan: reads each connection again, closes it, and looks at the end which are gone.
///
/// A few connections are read again together and closed right after, one after the other.
public struct Reaper {
  private let openTransport: (UInt16) throws(NetlinkProblem) -> any NetlinkTransport
  private let uptime: () -> UInt64?
  private let descriptors: any DescriptorAccess

  /// How many connections are announced together and, where they are destroyed in one network
  /// namespace, read again together.
  public static let groupSize = 8

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
  ///   - isPaced: whether time may pass before the closing of a step: it is a group of its own.
  ///   - announcing: told of each group before any of it is closed. When it has a reason to stop,
  ///     neither they nor any after them are touched.
  ///   - isStillSelected: judges the connection of a step again as it is now, right before it is
  ///     closed.
  ///   - reasonToStop: asked before each closing, which it may make wait. Once it has a
  ///     reason, no further connection is touched; what was done until then is verified.
  /// - Returns: the outcome of each step, in the plan's order.
  /// - Throws: when no conversation with the kernel could be opened; nothing was closed then.
  public func carryOut(
    _ plan: Plan, isPaced: (Plan.Step) -> Bool = { _ in false },
    isStillSelected: (Plan.Step, Connection) -> Bool,
    announcing: (ArraySlice<Plan.Step>) -> StopReason? = { _ in nil },
    reasonToStop: (Plan.Step) -> StopReason? = { _ in nil }
  ) throws(NetlinkProblem) -> [Outcome] {
    let closings = plan.closings
    var sessions: [UInt16: TCPDiagnostics] = [:]
    for namespace in Set(closings.map(\.connection.namespace)) {
      sessions[namespace] = try converse(namespace)
    }
    let closer = SocketCloser(
      snapshot: plan.snapshot, descriptors: descriptors, converse: converse)
    var stopped: StopReason?
    var attempts: [ClosingAttempt] = []
    attempts.reserveCapacity(closings.count)
    var group = closings[..<0]
    while stopped == nil, attempts.count < closings.count {
      let rest = closings[attempts.count...]
      stopped = reasonToStop(closings[attempts.count])
      if stopped == nil, group.endIndex == rest.startIndex {
        group = Self.group(at: rest, isPaced: isPaced)
        stopped = announcing(group)
      }
      guard stopped == nil else { break }
      let together = Self.alike(rest[..<group.endIndex])
      attempts += closer.attempt(
        together, over: &sessions[together[together.startIndex].connection.namespace],
        isStillSelected: isStillSelected
      ) { step in
        stopped = reasonToStop(step)
        return stopped == nil
      }
    }
    if let stopped {
      let left = closings.count - attempts.count
      attempts += repeatElement(.decided(.failed(.notDone(stopped))), count: left)
    }
    return Verification(plan: plan, converse: converse).outcomes(
      of: plan.attempts(ofClosings: attempts))
  }

  /// The steps that are announced together: the first of `rest`, and more where no time passes.
  private static func group(
    at rest: ArraySlice<Plan.Step>, isPaced: (Plan.Step) -> Bool
  ) -> ArraySlice<Plan.Step> {
    guard let first = rest.first, !isPaced(first) else { return rest.prefix(1) }
    return rest.prefix(groupSize).prefix { !isPaced($0) }
  }

  /// The first of `group`, and those directly after it that can be read again together with it.
  private static func alike(_ group: ArraySlice<Plan.Step>) -> ArraySlice<Plan.Step> {
    guard let first = group.first, first.method == .destroy else { return group.prefix(1) }
    return group.prefix {
      $0.method == .destroy && $0.connection.namespace == first.connection.namespace
    }
  }

  /// A conversation with the kernel, of the network namespace with this index.
  private func converse(_ namespace: UInt16) throws(NetlinkProblem) -> TCPDiagnostics {
    TCPDiagnostics(over: try openTransport(namespace), uptime: uptime())
  }
}

extension Plan {
  /// What came of each step, when `closings` came of those that close.
  fileprivate func attempts(ofClosings closings: [ClosingAttempt]) -> [ClosingAttempt] {
    var next = 0
    return steps.map { step in
      if case .spare(let reason) = step.decision { return .decided(.init(of: reason)) }
      next += 1
      return closings[next - 1]
    }
  }
}
