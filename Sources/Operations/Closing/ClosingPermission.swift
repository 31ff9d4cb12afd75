import Connections
import DescriptorActions
import Glibc
import Netlink
package import Privileges
import ProcessTable
package import Reaping
import Rendering
import Scanning
import SocketDiagnostics
import SystemPackage

/// The permission to close connections of a system: checks it in advance, and holds it for the
/// moments at which the kernel asks for it.
package struct ClosingPermission {
  private let system: LiveSystem
  private let held: () throws(PrivilegeProblem) -> HeldCapabilities

  /// - Parameter held: the capabilities of the calling thread.
  package init(
    for system: LiveSystem,
    held: @escaping () throws(PrivilegeProblem) -> HeldCapabilities = HeldCapabilities.current
  ) {
    self.system = system
    self.held = held
  }

  /// Throws unless this process and this kernel can carry out `steps`, if that can be known in advance.
  package func require(_ steps: [Plan.Step]) throws(CommandFailure) {
    let destroyed = steps.count { $0.method == .destroy }
    if destroyed > 0 { try requireDestroying(destroyed) }
    guard destroyed < steps.count else { return }
    try requireDescriptors()
    let isAnyReached = steps.contains { $0.method != .destroy && $0.decision == .close }
    if !isAnyReached {
      // Missing privileges are the usual reason for hidden owners.
      try require(.readingOthersDescriptors, toClose: steps.count)
    }
  }

  /// Throws unless the descriptors of processes can be duplicated.
  private func requireDescriptors() throws(CommandFailure) {
    do throws(DescriptorProblem) {
      try OpenProcess(getpid()).checkAccess()
    } catch .notSupported {
      throw CommandFailure(
        .unavailable, "\(DescriptorProblem.notSupported), which this method needs",
        remedy: "--method destroy does not need it")
    } catch .notPermitted {
      // The kernel itself always lets a process duplicate its own descriptors.
      throw CommandFailure(
        .permission,
        "a seccomp filter forbids pidfd_getfd, which this method needs",
        remedy: "--method destroy does not need it; containers allow it with CAP_SYS_PTRACE")
    } catch {
      throw CommandFailure(.failed, "cannot duplicate descriptors of processes: \(error)")
    }
  }

  private func require(
    _ step: PrivilegedStep, toClose count: Int
  ) throws(CommandFailure) {
    let held: HeldCapabilities
    do {
      held = try self.held()
    } catch {
      throw CommandFailure(.failed, "\(error), so it closes nothing")
    }
    guard let missing = MissingCapabilities(step, held: held) else { return }
    throw Self.notPermitted(toClose: count, remedy: "\(missing)")
  }

  /// Throws unless this process may destroy sockets and this kernel can.
  private func requireDestroying(_ count: Int) throws(CommandFailure) {
    try require(.closing, toClose: count)
    try requireCurrentNamespace(count)
    do {
      var diagnostics = TCPDiagnostics(over: try system.source.openTransport(), uptime: nil)
      guard try diagnostics.destroySupport() == .supported else {
        throw CommandFailure(
          .unavailable,
          "this kernel cannot close sockets: it was built without CONFIG_INET_DIAG_DESTROY",
          remedy: "--method shutdown works without it, through the programs' own descriptors")
      }
    } catch let failure as CommandFailure {
      throw failure
    } catch {
      throw CommandFailure(.failed, "cannot ask the kernel whether it can close sockets: \(error)")
    }
  }

  /// Throws unless CAP_NET_ADMIN counts in the current network namespace, if that is examined.
  private func requireCurrentNamespace(_ count: Int) throws(CommandFailure) {
    guard system.namespaces.sources.contains(where: \.namespace.isOwn),
      UserNamespace.ownsNetworkNamespace(procRoot: system.processes.root) == false
    else { return }
    throw Self.notPermitted(toClose: count, remedy: Self.foreignNamespaceRemedy)
  }

  /// What to do if CAP_NET_ADMIN is held but does not count.
  static let foreignNamespaceRemedy = """
    CAP_NET_ADMIN is held, but not in the user namespace that owns this network namespace: \
    run it there, or see 'connreap doctor'
    """

  private static func notPermitted(toClose count: Int, remedy: String) -> CommandFailure {
    CommandFailure(
      .permission,
      "cannot close \(Count.text(count)) connection\(Count.plural(count)): "
        + "operation not permitted", remedy: remedy)
  }

  /// Carries out `plan`.
  func carryOut(
    _ plan: Plan, supervisedBy supervisor: ClosingSupervisor
  ) throws(CommandFailure) -> ClosingResult {
    do {
      return try reaper(for: plan.snapshot.namespaces).carryOut(plan, supervisedBy: supervisor)
    } catch {
      throw CommandFailure(.failed, "nothing was closed: \(error)")
    }
  }

  /// Closes connections on the calling thread, which alone may use it.
  ///
  /// The kernel wants CAP_NET_ADMIN of the thread that opened a socket and of the one that sends a
  /// request to destroy. It is raised for those moments only.
  ///
  /// - Parameter planned: the namespaces of the plan's snapshot, by the index that its connections
  ///   have. The snapshot can be older than the list of examined namespaces.
  func reaper(for planned: [ScannedNamespace]) -> Reaper {
    let sources = system.namespaces.sources
    let closing = RaisableCapabilities(PrivilegedStep.closing.needs)
    return Reaper(
      uptime: { SystemClock.uptime },
      through: ClosingDescriptors(system.processes),
      raising: { closing.raising($0) },
      openTransportOf: { (index) throws(NetlinkProblem) in
        let wanted = planned[Int(index)]
        guard
          let source = sources.first(where: {
            $0.namespace.inode == wanted.inode && $0.namespace.isOwn == wanted.isOwn
          })
        else { throw .cannotEnter(.noSuchFileOrDirectory) }
        return try OwnPrivileges.raising(
          PrivilegedStep.closing.needs.union(PrivilegedStep.enteringNamespace.needs),
          source.openTransport)
      })
  }
}
