import Connections
import Netlink
import Privileges
import Rendering
package import Scanning
package import Selection
import SystemPackage

extension LiveSystem {
  /// Scans the examined namespaces.
  ///
  /// - Parameter seeingMarks: whether to read marks even if the selection names none.
  package func scan(
    _ request: ScanRequest, seeingMarks: Bool = false
  ) throws(CommandFailure) -> Snapshot {
    do {
      return try raisingForScan(of: request, seeingMarks: seeingMarks) { () throws(ScanProblem) in
        try watching { () throws(ScanProblem) in try scanner.scan(request, at: moment) }
      }
    } catch {
      throw Self.failure(of: error)
    }
  }

  /// Scans the examined namespaces, and reads owners only if those of an earlier scan do not
  /// suffice.
  ///
  /// - Returns: the snapshot, and whether its owners were read now.
  package func scan(
    _ request: ScanRequest, knowing known: KnownOwners
  ) throws(CommandFailure) -> (snapshot: Snapshot, hasReadOwners: Bool) {
    do {
      return try raisingForScan(of: request, seeingMarks: false) { () throws(ScanProblem) in
        try scanner.scan(request, knowing: known, at: moment)
      }
    } catch {
      throw Self.failure(of: error)
    }
  }

  /// Counts connections in the examined namespaces.
  package func tally(_ request: ScanRequest) throws(CommandFailure) -> Tally {
    do {
      return try raisingForScan(of: request, seeingMarks: false) { () throws(ScanProblem) in
        try watching { () throws(ScanProblem) in try counter.tally(request, at: moment) }
      }
    } catch {
      throw Self.failure(of: error)
    }
  }

  /// Surveys the listeners of the examined namespaces.
  package func surveyListeners(_ request: ScanRequest) throws(CommandFailure) -> ListenerSurvey {
    do {
      return try raisingForScan(of: request, seeingMarks: false) { () throws(ScanProblem) in
        try watching { () throws(ScanProblem) in
          try scanner.surveyListeners(request, at: moment)
        }
      }
    } catch {
      throw Self.failure(of: error)
    }
  }

  /// Shows on the terminal how long `work` has taken.
  private func watching<Value>(
    _ work: () throws(ScanProblem) -> Value
  ) throws(ScanProblem) -> Value {
    try ProgressLine.during(
      isShown: showsProgress,
      { time in
        "reading connections, \(DurationText.rounded(milliseconds: UInt64(time / .milliseconds(1))))"
      }, work)
  }

  /// A notice if `predicate` selects bound-inactive sockets and this kernel is too old to list them.
  package func boundSocketNotices(_ predicate: SelectionPredicate) -> [String] {
    guard predicate.stateMask.contains(.boundInactive), moment.listsBoundSockets == false else {
      return []
    }
    return ["this kernel may not list bound-inactive sockets: Linux does since 6.8"]
  }

  private func raisingForScan<Value, Failure>(
    of request: ScanRequest, seeingMarks: Bool, _ work: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    var needs: Capabilities = PrivilegedStep.readingOthersDescriptors.needs
      .union(PrivilegedStep.enteringNamespace.needs)
    if seeingMarks || request.selection.predicate.namesMarks {
      needs.formUnion(PrivilegedStep.seeingMarks.needs)
    }
    return try OwnPrivileges.raising(needs, work)
  }

  private static func name(of family: AddressFamily?) -> String { family?.name ?? "TCP" }

  package static func failure(of problem: ScanProblem) -> CommandFailure {
    switch problem {
    case .cannotList(_, .refused(.noSuchFileOrDirectory)):
      return CommandFailure(
        .unavailable, "this kernel cannot list TCP sockets: it has no tcp_diag",
        remedy: "load it with 'modprobe tcp_diag', or build the kernel with CONFIG_INET_TCP_DIAG")
    case .cannotList(_, .cannotEnter(let errno)):
      let isRefused = errno == .notPermitted || errno == .permissionDenied
      return CommandFailure(
        isRefused ? .permission : .failed, "cannot enter the network namespace: \(errno)",
        remedy: isRefused ? MissingCapabilities(.enteringNamespace).map { "\($0)" } : nil)
    case .cannotList(let family, .notRecorded):
      return CommandFailure(
        .badData,
        "the recording has no dump of \(family?.name ?? "both ipv4 and ipv6") sockets",
        remedy: "record again with 'connreap list --record FILE'")
    case .cannotList(let family, let reason):
      return CommandFailure(.failed, "cannot list the \(Self.name(of: family)) sockets: \(reason)")
    case .cannotReadProcesses(let reason):
      return CommandFailure(
        .failed, "cannot read the owners: \(reason)",
        remedy: "mount /proc, or omit columns and terms about owners")
    }
  }
}
