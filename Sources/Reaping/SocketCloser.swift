import Connections
import DescriptorActions
import Netlink
import ProcessTable
import Scanning
import SocketDiagnostics
import SystemPackage

/// Closes one connection after the other, each after it was read again.
struct SocketCloser {
  let snapshot: Snapshot
  let descriptors: any DescriptorAccess
  /// Opens a conversation with the kernel, of a network namespace.
  let converse: (UInt16) throws(NetlinkProblem) -> TCPDiagnostics

  /// Does `step`, over a conversation that is opened anew when there is none.
  func attempt(
    _ step: Plan.Step, over diagnostics: inout TCPDiagnostics?,
    isStillSelected: (Plan.Step, Connection) -> Bool
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
      if let early = try look(at: step, over: &session, isStillSelected) {
        diagnostics = session
        return early
      }
    } catch {
      if case .refused = error { diagnostics = session }
      return .decided(.failed(.netlink(error)))
    }
    if let action = step.method.action {
      diagnostics = session
      return perform(action, on: step.connection)
    }
    do throws(NetlinkProblem) {
      try session.destroy(step.connection.identity)
      diagnostics = session
      return .acknowledged
    } catch {
      guard case .refused(let errno) = error else { return .unanswered(error) }
      diagnostics = session
      return Self.refusal(errno, error)
    }
  }

  /// Reads the connection of `step` again; nil when it is to be closed still.
  private func look(
    at step: Plan.Step, over session: inout TCPDiagnostics,
    _ isStillSelected: (Plan.Step, Connection) -> Bool
  ) throws(NetlinkProblem) -> ClosingAttempt? {
    let connection = step.connection
    guard var now = try session.lookUp(connection.identity) else { return .notFound }
    now.namespace = connection.namespace
    now.isAutobound = connection.isAutobound
    // One that somebody else is destroying is still found for a moment, in CLOSE.
    guard now.inode == connection.inode, now.state != .closed else { return .decided(.gone) }
    guard isStillSelected(step, now) else { return .decided(.spared(.changed(to: now.state))) }
    return nil
  }

  private static func refusal(_ errno: Errno, _ problem: NetlinkProblem) -> ClosingAttempt {
    switch errno {
    case .noSuchFileOrDirectory: .notFound
    case .notPermitted, .permissionDenied: .decided(.failed(.notPermitted))
    case .notSupportedOnSocket: .decided(.failed(.notSupported))
    default: .decided(.failed(.netlink(problem)))
    }
  }

  /// Does `action` through the first descriptor that leads to `connection`: they are all of the
  /// same socket.
  private func perform(
    _ action: DescriptorAction, on connection: Connection
  ) -> ClosingAttempt {
    var problem: DescriptorProblem?
    for descriptor in descriptorsKnown(of: connection) {
      do throws(DescriptorProblem) {
        switch try descriptors.perform(
          action, on: connection.identity, isMPTCPSubflow: connection.isMPTCPSubflow,
          through: descriptor)
        {
        case .done: return .acknowledged
        case .armed(let change): return .decided(.spared(.armed(change)))
        }
      } catch {
        // A missing permission is worth more than that some other descriptor is closed.
        if case .notPermitted = problem {} else { problem = error }
        guard error.isOfThisDescriptor else { break }
      }
    }
    return problem.map(ClosingAttempt.unreached) ?? .decided(.spared(.noDescriptor))
  }

  private func descriptorsKnown(of connection: Connection) -> [SocketDescriptor] {
    guard let owners = snapshot.owners,
      case .held(let holdings) = snapshot.attribution(of: connection)
    else { return [] }
    return holdings.map {
      SocketDescriptor(process: owners.process(of: $0).identity, number: $0.descriptor)
    }
  }
}
