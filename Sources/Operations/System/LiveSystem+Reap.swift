import Connections
import DescriptorActions
import Glibc
import Netlink
import Privileges
import ProcessTable
package import Reaping
import Rendering
import Scanning
import SocketDiagnostics
import SystemPackage

extension LiveSystem {
  /// Who runs connreap; of a recording, nobody.
  ///
  /// - Parameter sessions: what earlier calls of the same run found out of the caller's sessions.
  func caller(remembering sessions: TunnelMemory) throws(CommandFailure) -> Caller {
    guard isLive else {
      return Caller(
        process: ProcessIdentity(pid: 0, startTicks: nil), ancestors: [])
    }
    return try OwnPrivileges.raising(.owners.union(PrivilegedStep.enteringNamespace.needs)) {
      () throws(CommandFailure) in
      let caller: Caller
      do {
        caller = try Caller(
          pid: try processes.ownPid(), sshConnection: Environment.ofProcess["SSH_CONNECTION"],
          in: processes)
      } catch {
        throw CommandFailure(
          .failed, "cannot find out which processes run connreap, so it closes nothing: \(error)",
          remedy: "mount /proc")
      }
      let tunnels = SessionTunnels(
        in: processes, threads: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
      ) { (request, each) throws(ScanProblem) in
        try scanner.list(request, each: each)
      }
      do throws(ScanProblem) {
        return try tunnels.following(caller, remembering: sessions)
      } catch {
        throw Self.failure(of: error)
      }
    }
  }

  /// The pid of the machine's init; nil in a container, whose pid 1 is the program.
  func machineInit() throws(CommandFailure) -> Int32? {
    guard isLive else { return 1 }
    do {
      return try processes.isMachineInit(1) ? 1 : nil
    } catch {
      throw CommandFailure(
        .failed, "cannot tell whether pid 1 is the machine's init, so it closes nothing: \(error)",
        remedy: "mount /proc")
    }
  }

  /// Makes sure that this process may close what `steps` ask for, and that this kernel can.
  package func requireClosing(_ steps: [Plan.Step]) throws(CommandFailure) {
    let destroyed = steps.count { $0.method == .destroy }
    if destroyed > 0 { try requireDestroying(destroyed) }
    guard destroyed < steps.count else { return }
    try requireDescriptors()
    let isAnyReached = steps.contains { $0.method != .destroy && $0.decision == .close }
    if !isAnyReached {
      // Their owners are out of sight as a rule for want of privileges.
      try require(.readingOthersDescriptors, toClose: steps.count)
    }
  }

  /// Makes sure that the descriptors of processes can be duplicated.
  private func requireDescriptors() throws(CommandFailure) {
    do throws(DescriptorProblem) {
      try OpenProcess(getpid()).checkAccess()
    } catch .notSupported {
      throw CommandFailure(
        .unavailable, "\(DescriptorProblem.notSupported), which this method needs",
        remedy: "--method destroy does not need it")
    } catch .notPermitted {
      // A process may always reach into itself, as far as the kernel is concerned.
      throw CommandFailure(
        .permission,
        "a filter of system calls (seccomp) forbids pidfd_getfd, which this method needs",
        remedy: "--method destroy does not need it; containers allow it with CAP_SYS_PTRACE")
    } catch {
      throw CommandFailure(.failed, "cannot reach into processes: \(error)")
    }
  }

  private func require(
    _ step: PrivilegedStep, toClose count: Int
  ) throws(CommandFailure) {
    let held: HeldCapabilities
    do {
      held = try HeldCapabilities.current()
    } catch {
      throw CommandFailure(.failed, "cannot find out which capabilities are held: \(error)")
    }
    guard let missing = MissingCapabilities(step, held: held) else { return }
    throw CommandFailure(
      .permission,
      "cannot close \(Count.text(count)) connection\(Count.plural(count)): "
        + "operation not permitted",
      remedy: "\(missing)")
  }

  /// Makes sure that this process may destroy sockets and that this kernel can.
  private func requireDestroying(_ count: Int) throws(CommandFailure) {
    try require(.closing, toClose: count)
    try requireOwnNetwork(count)
    do {
      var diagnostics = TCPDiagnostics(over: try openTransport(), uptime: nil)
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

  /// Makes sure that the capability counts in this network namespace, whose connections are
  /// looked at.
  private func requireOwnNetwork(_ count: Int) throws(CommandFailure) {
    guard namespaces.contains(where: \.namespace.isOwn),
      UserNamespace.ownsNetworkNamespace(procRoot: processes.root) == false
    else { return }
    throw CommandFailure(
      .permission,
      "cannot close \(Count.text(count)) connection\(Count.plural(count)): "
        + "operation not permitted",
      remedy: """
        CAP_NET_ADMIN is held, but only in a user namespace of its own: this network namespace \
        belongs to another one; run it there, or see 'connreap doctor'
        """)
  }

  /// Carries out `plan`.
  package func carryOut(
    _ plan: Plan, supervisedBy supervisor: ClosingSupervisor
  ) throws(CommandFailure) -> ClosingResult {
    do {
      return try reaper(for: plan.snapshot.namespaces).carryOut(plan, supervisedBy: supervisor)
    } catch {
      throw CommandFailure(.failed, "nothing was closed: \(error)")
    }
  }

  /// Reads owners again while connections are closed.
  var ownerLookup: any OwnerLookup { LiveOwnerLookup(scanner: scanner) }
}

/// Reads owners with the capabilities for it raised for that moment.
private struct LiveOwnerLookup: OwnerLookup {
  let scanner: Scanner

  func findOwnersAgain(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot {
    try OwnPrivileges.raising(PrivilegedStep.readingOthersDescriptors.needs) {
      () throws(ScanProblem) in
      try scanner.findOwnersAgain(refresh)
    }
  }
}
