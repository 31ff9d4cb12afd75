import Connections
public import DescriptorActions
public import Netlink
public import Scanning
import SocketDiagnostics

/// Carries out a plan: reads each connection again, closes it, and verifies at the end.
///
/// A few connections are read again together and then closed one after the other.
public struct Reaper {
  private let openTransport: (UInt16) throws(NetlinkProblem) -> any NetlinkTransport
  private let uptime: () -> UInt64?
  private let descriptors: any DescriptorAccess
  private let raising: (() -> Void) -> Void

  /// The maximum number of connections that are announced together and, if all are destroyed in one
  /// network namespace, read again together.
  public static let groupSize = 16

  /// - Parameters:
  ///   - uptime: the current uptime, in milliseconds.
  ///   - descriptors: reaches the descriptors of processes, for the methods that need them.
  ///   - raising: runs its argument with the capability that destroying a socket requires. It is
  ///     called only around such requests, once for several in a row, on the thread that carries out
  ///     the plan.
  ///   - openTransport: opens a conversation with the kernel in a network namespace, by its index in
  ///     the plan's snapshot.
  public init(
    uptime: @escaping () -> UInt64?,
    through descriptors: any DescriptorAccess = ProcessDescriptors(),
    raising: @escaping (() -> Void) -> Void = { $0() },
    openTransportOf openTransport:
      @escaping (_ namespace: UInt16) throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.uptime = uptime
    self.descriptors = descriptors
    self.raising = raising
    self.openTransport = openTransport
  }

  /// Carries out `plan`, one connection after the other.
  ///
  /// After a stop, no further connection is touched; the closings so far are verified.
  ///
  /// - Throws: if no conversation with the kernel could be opened. Nothing was closed then.
  public func carryOut(
    _ plan: Plan, supervisedBy supervisor: ClosingSupervisor
  ) throws(NetlinkProblem) -> ClosingResult {
    let closings = plan.closings
    var sessions: [UInt16: TCPDiagnostics] = [:]
    for namespace in Set(closings.map(\.connection.namespace)) {
      sessions[namespace] = try converse(namespace)
    }
    let closer = SocketCloser(
      descriptors: descriptors, raising: raising, converse: converse)
    var owners = FreshOwners(plan, closings: closings, supervisor)
    var supervisor = supervisor
    var attempts: [ClosingAttempt] = []
    attempts.reserveCapacity(closings.count)
    var group = closings[..<0]
    while attempts.count < closings.count, supervisor.mayClose(closings[attempts.count]) {
      let rest = closings[attempts.count...]
      if group.endIndex == rest.startIndex {
        let pace = supervisor.pace
        group = Self.group(at: rest, isPaced: pace.isPaced)
        let start = pace.elapsed()
        owners.readAgain(before: rest.startIndex, pace) { stillListed($0, of: rest) }
        guard supervisor.announce(group, owners, readSince: start) else { break }
      }
      let together = Self.alike(rest[..<group.endIndex])
      attempts += closer.attempt(
        together, over: &sessions[together[together.startIndex].connection.namespace],
        owners: owners, mayGoOn: { supervisor.mayClose($0) })
    }
    let snapshot = owners.finish(after: attempts.count)
    if let stopped = supervisor.stopReason {
      let left = closings.count - attempts.count
      attempts += repeatElement(.decided(.failed(.notDone(stopped))), count: left)
    }
    let outcomes = Verification(plan: plan, converse: converse).outcomes(
      of: plan.attempts(ofClosings: attempts))
    return ClosingResult(outcomes: outcomes, snapshot: snapshot)
  }

  /// The members of `inodes`, all of connections of `steps`, that the kernel lists or may list.
  private func stillListed(_ inodes: [UInt32], of steps: ArraySlice<Plan.Step>) -> [UInt32] {
    let wanted = Set(inodes)
    let connections = steps.lazy.map(\.connection).filter { wanted.contains($0.inode) }
    var listed: [UInt32] = []
    for (namespace, connections) in Dictionary(grouping: connections, by: \.namespace) {
      for start in stride(from: 0, to: connections.count, by: Self.lookedUpTogether) {
        let together = connections[start...].prefix(Self.lookedUpTogether)
        let found = try? lookUp(together.map(\.identity), in: namespace)
        for (index, connection) in together.enumerated() {
          // If the lookup failed, the connection may still be listed.
          if case .success(let now)? = found?[index], now?.inode != connection.inode { continue }
          listed.append(connection.inode)
        }
      }
    }
    return listed
  }

  /// How many connections are looked up together: their answers fit well into a socket's buffer.
  private static let lookedUpTogether = 32

  private func lookUp(
    _ identities: [SocketIdentity], in namespace: UInt16
  ) throws(NetlinkProblem) -> [Result<Connection?, NetlinkProblem>] {
    var session = try converse(namespace)
    return try session.lookUp(identities, details: [])
  }

  /// The steps to announce together: the first of `rest`, and more if the rate delays none of them.
  private static func group(
    at rest: ArraySlice<Plan.Step>, isPaced: (Plan.Step) -> Bool
  ) -> ArraySlice<Plan.Step> {
    guard let first = rest.first, !isPaced(first) else { return rest.prefix(1) }
    return rest.prefix(groupSize).prefix { !isPaced($0) }
  }

  /// The first step of `group` and the steps directly after it that can be read again with it.
  private static func alike(_ group: ArraySlice<Plan.Step>) -> ArraySlice<Plan.Step> {
    guard let first = group.first, first.method == .destroy else { return group.prefix(1) }
    return group.prefix {
      $0.method == .destroy && $0.connection.namespace == first.connection.namespace
    }
  }

  /// Opens a conversation with the kernel in the network namespace with this index.
  private func converse(_ namespace: UInt16) throws(NetlinkProblem) -> TCPDiagnostics {
    TCPDiagnostics(over: try openTransport(namespace), uptime: uptime())
  }
}

extension Plan {
  /// The attempt of each step, given the attempts of the steps that close.
  fileprivate func attempts(ofClosings closings: [ClosingAttempt]) -> [ClosingAttempt] {
    var next = 0
    return steps.map { step in
      if case .spare(let reason) = step.decision { return .decided(.init(of: reason)) }
      next += 1
      return closings[next - 1]
    }
  }
}

/// The result of carrying out a plan.
public struct ClosingResult: Sendable {
  /// The outcome of each step, in the plan's order.
  public let outcomes: [Outcome]
  /// The owners by which each connection was decided.
  public let snapshot: Snapshot
}

extension Plan {
  /// The result of a plan that closes nothing.
  public var sparingResult: ClosingResult {
    ClosingResult(outcomes: sparingOutcomes, snapshot: snapshot)
  }
}
