/// A step of connreap that needs more privileges than an ordinary user has.
public enum PrivilegedStep: CaseIterable, Sendable {
  /// Closing a socket (`SOCK_DESTROY`).
  case closing
  /// Finding the owners of sockets among other users' processes (`/proc/PID/fd`).
  ///
  /// The kernel answers EACCES if either capability is missing.
  case readingOthersDescriptors
  /// Duplicating a descriptor of another user's process (pidfd_getfd(2)).
  case reachingOthersDescriptors
  /// Moving a thread into another network namespace (setns(2)).
  case enteringNamespace
  /// Reading each socket's mark in a dump (`INET_DIAG_MARK`).
  case seeingMarks

  /// The capabilities that must be effective during the step.
  public var needs: Capabilities {
    switch self {
    case .closing, .seeingMarks: [.netAdmin]
    case .readingOthersDescriptors: [.sysPtrace, .dacReadSearch]
    case .reachingOthersDescriptors: [.sysPtrace]
    case .enteringNamespace: [.sysAdmin]
    }
  }

  /// The capabilities that all steps together need.
  public static var allNeeds: Capabilities {
    allCases.reduce(into: []) { $0.formUnion($1.needs) }
  }

  /// The capabilities that the step needs and `held` cannot make effective, in declaration order.
  public func missing(for held: HeldCapabilities) -> [Capability] {
    Capability.allCases.filter { needs.contains($0) && !held.permitted.contains($0) }
  }
}
