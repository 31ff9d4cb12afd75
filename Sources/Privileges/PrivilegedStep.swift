/// A step of connreap for which the kernel wants more than an ordinary user has.
public enum PrivilegedStep: CaseIterable, Sendable {
  /// Closing a socket (`SOCK_DESTROY`).
  case closing
  /// Finding the owners of sockets among the processes of other users (`/proc/PID/fd`).
  ///
  /// Either capability alone gets EACCES.
  case readingOthersDescriptors
  /// Duplicating a descriptor of a process of another user (pidfd_getfd(2)).
  case reachingOthersDescriptors
  /// Moving a thread into another network namespace (setns(2)).
  case enteringNamespace
  /// Having the dump tell each socket's mark (`INET_DIAG_MARK`).
  case seeingMarks

  /// What must be effective while the step is done.
  public var needs: Capabilities {
    switch self {
    case .closing, .seeingMarks: [.netAdmin]
    case .readingOthersDescriptors: [.sysPtrace, .dacReadSearch]
    case .reachingOthersDescriptors: [.sysPtrace]
    case .enteringNamespace: [.sysAdmin]
    }
  }

  /// What all of the steps together need.
  public static var allNeeds: Capabilities {
    allCases.reduce(into: []) { $0.formUnion($1.needs) }
  }

  /// What the step needs and `held` can not make effective, in the order of ``Capability``.
  public func missing(for held: HeldCapabilities) -> [Capability] {
    Capability.allCases.filter { needs.contains($0) && !held.permitted.contains($0) }
  }
}
