public import SystemPackage

/// Why connreap cannot tell what it is allowed to do.
public enum PrivilegeProblem: Error, Equatable, Sendable {
  /// The kernel did not tell the capabilities of the calling thread.
  case capabilitiesUnreadable(Errno)
  /// The kernel did not let the calling thread give up capabilities.
  case capabilitiesUnchangeable(Errno)
  /// The link at `path` that names our user namespace could not be read.
  case userNamespaceUnreadable(path: FilePath, Errno)
  /// The link at `path` does not read `user:[NUMBER]`.
  case userNamespaceUnintelligible(path: FilePath)
}

extension PrivilegeProblem: CustomStringConvertible {
  /// The message for a user.
  public var description: String {
    switch self {
    case .capabilitiesUnreadable(let errno):
      "cannot read its own capabilities: \(errno)"
    case .capabilitiesUnchangeable(let errno):
      "cannot give up capabilities: \(errno)"
    case .userNamespaceUnreadable(let path, let errno):
      "cannot read \(path), which names its user namespace: \(errno)"
    case .userNamespaceUnintelligible(let path):
      "\(path) does not name a user namespace as Linux does"
    }
  }
}
