/// Why `/proc` may show its reader fewer processes than exist, without any error.
///
/// A hidden process may hold any socket, even one that a visible process holds too.
public enum ViewLimit: Hashable, Sendable {
  /// It is mounted with this value of `hidepid`, and the reader is not exempt.
  case hidepid(String)
  /// It shows a pid namespace other than the machine's first, such as a container's.
  case pidNamespace
}

extension ViewLimit: CustomStringConvertible {
  /// What is hidden, and by what.
  public var description: String {
    switch self {
    case .hidepid(let mode): "/proc hides processes of other users (hidepid=\(mode))"
    case .pidNamespace: "processes outside this pid namespace are hidden"
    }
  }

  /// How to see all processes.
  public var remedy: String {
    switch self {
    case .hidepid: "run connreap with CAP_SYS_PTRACE, or remount /proc without hidepid"
    case .pidNamespace:
      "run connreap on the host, or give the container the host's pid namespace (hostPID)"
    }
  }
}

extension ViewLimit: Comparable {
  /// Orders by the order of the cases.
  public static func < (lhs: ViewLimit, rhs: ViewLimit) -> Bool {
    switch (lhs, rhs) {
    case (.hidepid(let lhs), .hidepid(let rhs)): lhs < rhs
    case (.hidepid, .pidNamespace): true
    case (.pidNamespace, _): false
    }
  }
}
