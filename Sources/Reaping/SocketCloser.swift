import Connections
import DescriptorActions
import Netlink
import ProcessTable
import Scanning
import SocketDiagnostics
import SystemPackage

/// Reads connections again, alone or in groups, and closes them one after the other.
struct SocketCloser {
  let descriptors: any DescriptorAccess
  /// Runs its argument with the permission to close.
  let raising: (() -> Void) -> Void
  /// Opens a conversation with the kernel in a network namespace.
  let converse: (UInt16) throws(NetlinkProblem) -> TCPDiagnostics

  /// Carries out `steps`: either one, or several that all destroy a socket in one network namespace.
  ///
  /// - Parameters:
  ///   - diagnostics: the conversation to use; a new one is opened if nil.
  ///   - mayGoOn: called before each step but the first.
  /// - Returns: an attempt for each step. It may end after any of them.
  func attempt(
    _ steps: ArraySlice<Plan.Step>, over diagnostics: inout TCPDiagnostics?,
    owners: FreshOwners, mayGoOn: (Plan.Step) -> Bool
  ) -> [ClosingAttempt] {
    if steps.count > 1,
      let attempts = attemptTogether(
        steps, over: &diagnostics, owners: owners, mayGoOn: mayGoOn)
    {
      return attempts
    }
    var attempts: [ClosingAttempt] = []
    for step in steps {
      guard attempts.isEmpty || mayGoOn(step) else { break }
      attempts.append(attempt(step, over: &diagnostics, owners: owners))
    }
    return attempts
  }

  /// Reads `steps` again together, and destroys the sockets that are still to be closed.
  ///
  /// - Returns: nil if they could not be read together. Nothing was done then.
  private func attemptTogether(
    _ steps: ArraySlice<Plan.Step>, over diagnostics: inout TCPDiagnostics?,
    owners: FreshOwners, mayGoOn: (Plan.Step) -> Bool
  ) -> [ClosingAttempt]? {
    guard var session = diagnostics else { return nil }
    // Out of step with the kernel, a conversation is not used again.
    diagnostics = nil
    guard
      let found = try? session.lookUp(
        steps.map(\.connection.identity), details: owners.detailsToJudge)
    else { return nil }
    let early = zip(steps, found).map { step, found in
      switch found {
      case .success(let now): judge(step, now, owners)
      case .failure(let problem): ClosingAttempt.decided(.failed(.netlink(problem)))
      }
    }
    var attempts: [ClosingAttempt] = []
    var isInStep = true
    destroying(over: &session) { destroy in
      for (step, early) in zip(steps, early) {
        guard attempts.isEmpty || mayGoOn(step) else { return }
        let attempt = early ?? destroy(step)
        attempts.append(attempt)
        if case .unanswered = attempt {
          isInStep = false
          return
        }
      }
    }
    if isInStep { diagnostics = session }
    return attempts
  }

  /// Does `step`, over a conversation that is opened anew when there is none.
  private func attempt(
    _ step: Plan.Step, over diagnostics: inout TCPDiagnostics?, owners: FreshOwners
  ) -> ClosingAttempt {
    var session: TCPDiagnostics
    if let open = diagnostics {
      session = open
    } else {
      do throws(NetlinkProblem) {
        session = try converse(step.connection.namespace)
      } catch {
        return .decided(.failed(.netlink(error)))
      }
    }
    // Out of step with the kernel, a conversation is not used again.
    diagnostics = nil
    do throws(NetlinkProblem) {
      let now = try session.lookUp(
        step.connection.identity, details: owners.detailsToJudge)
      if let early = judge(step, now, owners) {
        diagnostics = session
        return early
      }
    } catch {
      if case .refused = error { diagnostics = session }
      return .decided(.failed(.netlink(error)))
    }
    if let action = step.method.action {
      diagnostics = session
      return perform(action, on: step.connection, in: owners.snapshot)
    }
    var attempt = ClosingAttempt.notFound
    destroying(over: &session) { attempt = $0(step) }
    if case .unanswered = attempt { return attempt }
    diagnostics = session
    return attempt
  }

  /// Does `work` with the permission to close, from the first request to the last answer. Meanwhile
  /// `session` can only be used to destroy sockets: the compiler refuses overlapping access to it.
  private func destroying(
    over session: inout TCPDiagnostics, _ work: ((Plan.Step) -> ClosingAttempt) -> Void
  ) {
    raising {
      work { step in
        do throws(NetlinkProblem) {
          try session.destroy(step.connection.identity)
          return .acknowledged
        } catch {
          guard case .refused(let errno) = error else { return .unanswered(error) }
          return Self.refusal(errno, error)
        }
      }
    }
  }

  /// The attempt if `step` is not to be carried out after all; nil if it is.
  ///
  /// - Parameter now: the current connection; nil if the kernel does not find it.
  private func judge(
    _ step: Plan.Step, _ now: Connection?, _ owners: FreshOwners
  ) -> ClosingAttempt? {
    let connection = step.connection
    guard var now else { return .notFound }
    now.namespace = connection.namespace
    now.isAutobound = connection.isAutobound
    // A socket that is being destroyed is found in CLOSE for a moment.
    guard now.inode == connection.inode, now.state != .closed else { return .decided(.gone) }
    return owners.reasonToSpare(step, now: now).map { .decided(.spared($0)) }
  }

  private static func refusal(_ errno: Errno, _ problem: NetlinkProblem) -> ClosingAttempt {
    switch errno {
    case .noSuchFileOrDirectory: .notFound
    case .notPermitted, .permissionDenied: .decided(.failed(.notPermitted))
    case .notSupportedOnSocket: .decided(.failed(.notSupported))
    default: .decided(.failed(.netlink(problem)))
    }
  }

  /// Performs `action` through the first descriptor that leads to `connection`.
  private func perform(
    _ action: DescriptorAction, on connection: Connection, in snapshot: Snapshot
  ) -> ClosingAttempt {
    var problem: DescriptorProblem?
    for descriptor in descriptorsKnown(of: connection, in: snapshot) {
      do throws(DescriptorProblem) {
        switch try descriptors.perform(
          action, on: connection.identity, isMPTCPSubflow: connection.isMPTCPSubflow,
          through: descriptor)
        {
        case .done: return .acknowledged
        case .armed(let change): return .decided(.spared(.armed(change)))
        }
      } catch {
        // A missing permission matters more than another descriptor that is closed.
        if case .notPermitted = problem {} else { problem = error }
        guard error.isSpecificToDescriptor else { break }
      }
    }
    return problem.map(ClosingAttempt.unreached) ?? .decided(.spared(.noDescriptor))
  }

  private func descriptorsKnown(
    of connection: Connection, in snapshot: Snapshot
  ) -> [SocketDescriptor] {
    guard let owners = snapshot.owners,
      case .held(let holdings) = snapshot.attribution(of: connection)
    else { return [] }
    return holdings.map {
      SocketDescriptor(process: owners.process(of: $0).identity, number: $0.descriptor)
    }
  }
}
