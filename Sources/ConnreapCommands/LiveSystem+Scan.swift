import Connections
import Netlink
import Privileges
import Scanning
import SystemPackage

extension LiveSystem {
  /// Scans, and says what to do when that fails.
  func scan(_ request: ScanRequest) throws(CommandFailure) -> Snapshot {
    do {
      return try scanner.scan(request, at: moment)
    } catch {
      throw Self.failure(of: error)
    }
  }

  /// Counts, and says what to do when that fails.
  func tally(_ request: ScanRequest) throws(CommandFailure) -> Tally {
    do {
      return try scanner.tally(request, at: moment)
    } catch {
      throw Self.failure(of: error)
    }
  }

  /// Looks at listeners, and says what to do when that fails.
  func surveyListeners(_ request: ScanRequest) throws(CommandFailure) -> ListenerSurvey {
    do {
      return try scanner.surveyListeners(request, at: moment)
    } catch {
      throw Self.failure(of: error)
    }
  }

  /// Whether what `/proc` says of the reader's network namespace is said of what is looked at.
  var looksAtOwnNamespaceOnly: Bool { namespaces.count == 1 && namespaces[0].namespace.isOwn }

  private static func failure(of problem: ScanProblem) -> CommandFailure {
    switch problem {
    case .cannotList(_, .refused(.noSuchFileOrDirectory)):
      return CommandFailure(
        .unavailable, "this kernel cannot list TCP sockets: it has no tcp_diag",
        remedy: "load it with 'modprobe tcp_diag', or build the kernel with CONFIG_INET_TCP_DIAG")
    case .cannotList(_, .cannotEnter(let errno)):
      let missing = (try? HeldCapabilities.current())
        .flatMap { MissingCapabilities(.enteringNamespace, held: $0) }
      let isRefused = errno == .notPermitted || errno == .permissionDenied
      return CommandFailure(
        isRefused ? .permission : .failed, "cannot enter the network namespace: \(errno)",
        remedy: isRefused ? missing.map { "\($0)" } : nil)
    case .cannotList(let family, .notRecorded):
      return CommandFailure(
        .badData, "the recording has no dump of \(family.name) sockets",
        remedy: "record again with 'connreap list --record FILE'")
    case .cannotList(let family, let reason):
      return CommandFailure(.failed, "cannot list the \(family.name) sockets: \(reason)")
    case .cannotReadProcesses(let reason):
      return CommandFailure(
        .failed, "cannot read the owners: \(reason)",
        remedy: "mount /proc, or leave the columns and terms about owners away")
    }
  }
}
