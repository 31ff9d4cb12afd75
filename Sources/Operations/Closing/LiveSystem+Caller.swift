import Connections
import Privileges
import ProcessTable
import Reaping
import Rendering
import Scanning
import Threads

// What guards must know about the machine.
extension LiveSystem {
  /// Who runs connreap; nobody for a recording.
  ///
  /// - Parameter sessions: what earlier calls in the run learned about the caller's sessions.
  func caller(remembering sessions: TunnelMemory) throws(CommandFailure) -> Caller {
    guard isLive else {
      return Caller(process: ProcessIdentity(pid: 0, startTicks: nil), ancestors: [])
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
      let tunnels = SessionTunnels(in: processes, threads: ParallelWork.processorCount) {
        (request, each) throws(ScanProblem) in
        try scanner.list(request, each: each)
      }
      do throws(ScanProblem) {
        return try tunnels.following(caller, remembering: sessions)
      } catch {
        throw Self.failure(of: error)
      }
    }
  }

  /// The pid of the machine's init. Nil in a container, whose pid 1 is the program.
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

  /// Reads owners again while connections are closed.
  var ownerLookup: any OwnerLookup { LiveOwnerLookup(scanner: scanner) }
}

/// Reads owners with the capabilities for that, raised only meanwhile.
private struct LiveOwnerLookup: OwnerLookup {
  let scanner: Scanner

  func rereadOwners(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot {
    try OwnPrivileges.raising(PrivilegedStep.readingOthersDescriptors.needs) {
      () throws(ScanProblem) in
      try scanner.rereadOwners(refresh)
    }
  }
}
