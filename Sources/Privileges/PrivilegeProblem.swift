public import SystemPackage

/// Why connreap cannot read or change its privileges.
public enum PrivilegeProblem: Error, Equatable, Sendable {
  /// The kernel did not report the capabilities of the calling thread.
  case capabilitiesUnreadable(Errno)
  /// The kernel did not let the calling thread drop capabilities.
  case capabilitiesUnchangeable(Errno)
  /// The link at `path` that identifies the user namespace could not be read.
  case userNamespaceUnreadable(path: FilePath, Errno)
  /// The link at `path` is not of the form `user:[NUMBER]`.
  case userNamespaceMalformed(path: FilePath)
}

extension PrivilegeProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .capabilitiesUnreadable(let errno):
      "cannot read its own capabilities: \(errno)"
    case .capabilitiesUnchangeable(let errno):
      "cannot drop capabilities: \(errno)"
    case .userNamespaceUnreadable(let path, let errno):
      "cannot read \(path), which identifies the user namespace: \(errno)"
    case .userNamespaceMalformed(let path):
      "\(path) does not identify a user namespace (user:[NUMBER] expected)"
    }
  }
}
