public import Connections
public import Netlink
import Selection
import SocketDiagnostics
import SystemPackage

/// Carries out a plan by SOCK_DESTROY: reads each connection again, closes it, and looks at the
/// end which are gone.
public struct Reaper {
  private let openTransport: (UInt16) throws(NetlinkProblem) -> any NetlinkTransport
  private let uptime: () -> UInt64?

  private static let lookAttempts = 4

  /// - Parameters:
  ///   - uptime: how long the machine has been up, in milliseconds, at the moment of the call.
  ///   - openTransport: opens a conversation with the kernel, of the plan's network namespace.
  public init(
    uptime: @escaping () -> UInt64?,
    openTransport: @escaping () throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.init(uptime: uptime) { (_: UInt16) throws(NetlinkProblem) in try openTransport() }
  }

  /// A reaper for plans of several network namespaces, by their index in the plan's snapshot.
  public init(
    uptime: @escaping () -> UInt64?,
    openTransportOf openTransport:
      @escaping (_ namespace: UInt16) throws(NetlinkProblem) -> any NetlinkTransport
  ) {
    self.uptime = uptime
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
    var stopped: StopReason?
    var sessions: [UInt16: TCPDiagnostics] = [:]
    for namespace in Set(plan.closings.map(\.connection.namespace)) {
      sessions[namespace] = TCPDiagnostics(over: try openTransport(namespace), uptime: uptime())
    }
    var attempts: [Attempt] = []
    attempts.reserveCapacity(plan.steps.count)
    for step in plan.steps {
      if case .spare(let reason) = step.decision {
        attempts.append(.decided(.spared(reason)))
        continue
      }
      stopped = stopped ?? reasonToStop(step)
      if let stopped {
        attempts.append(.decided(.failed(.notDone(stopped))))
        continue
      }
      attempts.append(
        attempt(
          step, over: &sessions[step.connection.namespace], isStillSelected: isStillSelected))
    }
    return verify(attempts, of: plan)
  }

  /// How far the closing of one connection came, before the last look.
  private enum Attempt {
    case decided(Outcome.Result)
    /// The kernel acknowledged its destruction.
    case acknowledged
    /// The kernel did not find it by its addresses and cookie.
    case notFound
    /// The request was sent and no answer came: it may have been done.
    case unanswered(NetlinkProblem)
  }

  private func attempt(
    _ step: Plan.Step, over diagnostics: inout TCPDiagnostics?,
    isStillSelected: (Plan.Step, Connection) -> Bool
  ) -> Attempt {
    let connection = step.connection
    var session: TCPDiagnostics
    if let open = diagnostics {
      session = open
    } else {
      do throws(NetlinkProblem) {
        session = TCPDiagnostics(
          over: try openTransport(connection.namespace), uptime: uptime())
      } catch {
        return .decided(.failed(.netlink(error)))
      }
    }
    // Out of step with the kernel, a conversation is not used again.
    diagnostics = nil
    do throws(NetlinkProblem) {
      guard var now = try session.lookUp(connection.identity) else {
        diagnostics = session
        return .notFound
      }
      now.namespace = connection.namespace
      // One that somebody else is destroying is still found for a moment, in CLOSE.
      guard now.inode == connection.inode, now.state != .closed else {
        diagnostics = session
        return .decided(.gone)
      }
      guard isStillSelected(step, now) else {
        diagnostics = session
        return .decided(.spared(.changed(to: now.state)))
      }
    } catch {
      if case .refused = error { diagnostics = session }
      return .decided(.failed(.netlink(error)))
    }
    do throws(NetlinkProblem) {
      try session.destroy(connection.identity)
      diagnostics = session
      return .acknowledged
    } catch {
      guard case .refused(let errno) = error else { return .unanswered(error) }
      diagnostics = session
      switch errno {
      case .noSuchFileOrDirectory: return .notFound
      case .notPermitted, .permissionDenied: return .decided(.failed(.notPermitted))
      case .notSupportedOnSocket: return .decided(.failed(.notSupported))
      default: return .decided(.failed(.netlink(error)))
      }
    }
  }

  /// Decides what the attempts have left open, by one more dump of each family concerned.
  private func verify(_ attempts: [Attempt], of plan: Plan) -> [Outcome] {
    var remaining: [Place: Result<[SocketCookie: TCPState], NetlinkProblem>] = [:]
    var outcomes: [Outcome] = []
    outcomes.reserveCapacity(attempts.count)
    for (step, attempt) in zip(plan.steps, attempts) {
      if case .decided(let result) = attempt {
        outcomes.append(Outcome(step, result))
        continue
      }
      let place = Place(
        namespace: step.connection.namespace, family: step.connection.identity.family)
      let look = remaining[place] ?? lookAgain(place, for: plan)
      remaining[place] = look
      outcomes.append(Outcome(step, Self.result(of: attempt, step.connection.cookie, look)))
    }
    return outcomes
  }

  /// What one dump shows.
  private struct Place: Hashable {
    let namespace: UInt16
    let family: AddressFamily
  }

  private static func result(
    of attempt: Attempt, _ cookie: SocketCookie,
    _ look: Result<[SocketCookie: TCPState], NetlinkProblem>
  ) -> Outcome.Result {
    let state: TCPState?
    switch look {
    case .failure(let problem): return .unverified(.cannotLook(problem))
    case .success(let listed): state = listed[cookie] == .closed ? nil : listed[cookie]
    }
    switch (attempt, state) {
    case (.decided(let result), _): return result
    case (.acknowledged, nil), (.unanswered, nil): return .closed
    case (.acknowledged, let state?): return .unverified(.stillListed(state))
    case (.notFound, nil), (.notFound, .timeWait): return .gone
    case (.notFound, _): return .failed(.notFoundByAddress)
    case (.unanswered(let problem), _): return .failed(.netlink(problem))
    }
  }

  /// Which of the plan's sockets in `place` the kernel lists now, and in which state.
  private func lookAgain(
    _ place: Place, for plan: Plan
  ) -> Result<[SocketCookie: TCPState], NetlinkProblem> {
    let wanted = Set(plan.steps.map(\.connection.cookie))
    let request = DumpRequest(family: place.family, states: .all, details: [])
    var attemptsLeft = Self.lookAttempts
    while true {
      attemptsLeft -= 1
      do throws(NetlinkProblem) {
        var listed: [SocketCookie: TCPState] = [:]
        var diagnostics = TCPDiagnostics(over: try openTransport(place.namespace), uptime: uptime())
        try diagnostics.dump(request) { row in
          if wanted.contains(row.cookie) { listed[row.cookie] = row.state }
        }
        return .success(listed)
      } catch {
        guard error.isPassing, attemptsLeft > 0 else { return .failure(error) }
      }
    }
  }
}
