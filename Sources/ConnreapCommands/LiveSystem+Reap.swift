import Connections
import Glibc
import Netlink
import Privileges
import ProcessTable
import Reaping
import Scanning
import SocketDiagnostics
import SystemPackage

extension LiveSystem {
  /// Who runs connreap; of a recording, nobody.
  func caller() throws(CommandFailure) -> Caller {
    guard isLive else {
      return Caller(
        process: ProcessIdentity(pid: 0, startTicks: nil), ancestors: [], session: nil)
    }
    do {
      return try Caller(
        pid: getpid(), sshConnection: Environment.ofProcess["SSH_CONNECTION"], in: processes)
    } catch {
      throw CommandFailure(
        .failed, "cannot find out which processes run connreap, so it closes nothing: \(error)",
        remedy: "mount /proc")
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

  /// Makes sure that this process may close sockets and that this kernel can.
  func requireClosing(_ count: Int) throws(CommandFailure) {
    let held: HeldCapabilities
    do {
      held = try HeldCapabilities.current()
    } catch {
      throw CommandFailure(.failed, "cannot find out which capabilities are held: \(error)")
    }
    if let missing = MissingCapabilities(.closing, held: held) {
      throw CommandFailure(
        .permission,
        "cannot close \(Count.text(count)) connection\(Count.plural(count)): "
          + "operation not permitted",
        remedy: "\(missing)")
    }
    try requireOwnNetwork(count)
    do {
      var diagnostics = TCPDiagnostics(over: try openTransport(), uptime: nil)
      guard try diagnostics.destroySupport() == .supported else {
        throw CommandFailure(
          .unavailable, "this kernel cannot close sockets: it was built without INET_DIAG_DESTROY",
          remedy: "use a kernel with CONFIG_INET_DIAG_DESTROY=y; see 'connreap doctor'")
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
  func carryOut(
    _ plan: Plan, isStillSelected: (Plan.Step, Connection) -> Bool,
    reasonToStop: (Plan.Step) -> StopReason?
  ) throws(CommandFailure) -> [Outcome] {
    do {
      return try reaper.carryOut(
        plan, isStillSelected: isStillSelected, reasonToStop: reasonToStop)
    } catch {
      throw CommandFailure(.failed, "nothing was closed: \(error)")
    }
  }
}

/// What the outcomes of a plan say of the run as a whole.
enum ClosingFailure {
  /// Throws when something was not closed: a permission, this kernel, or anything else.
  static func check(_ outcomes: [Outcome]) throws(CommandFailure) {
    let counts = OutcomeCounts(outcomes)
    guard !counts.isSuccess else { return }
    let failures = outcomes.compactMap { outcome -> Outcome.FailureReason? in
      if case .failed(let reason) = outcome.result { reason } else { nil }
    }
    let isAll = counts.closed == 0 && counts.unverified == 0
    if isAll, failures.allSatisfy({ $0 == .notPermitted }) {
      throw CommandFailure(
        .permission, "nothing was closed: operation not permitted",
        remedy: """
          CAP_NET_ADMIN is held, but not in the user namespace that owns this network namespace: \
          run it there, or see 'connreap doctor'
          """)
    }
    if isAll, failures.allSatisfy({ $0 == .notSupported }) {
      throw CommandFailure(.unavailable, "nothing was closed: this kernel cannot destroy them")
    }
    throw CommandFailure.silent(.failed)
  }
}
