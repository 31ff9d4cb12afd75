/// A capability that connreap can need (capabilities(7)).
public enum Capability: String, CaseIterable, Sendable {
  /// Closes sockets and reads their marks.
  case netAdmin = "CAP_NET_ADMIN"
  /// Inspects processes of other users.
  case sysPtrace = "CAP_SYS_PTRACE"
  /// Searches directories and reads files regardless of their mode.
  case dacReadSearch = "CAP_DAC_READ_SEARCH"
  /// Enters namespaces.
  case sysAdmin = "CAP_SYS_ADMIN"
  /// Writes files regardless of their mode, such as root's recording in another user's directory.
  case dacOverride = "CAP_DAC_OVERRIDE"
  /// Changes the owner of files: a replaced file keeps its owner.
  case chown = "CAP_CHOWN"

  /// The name in capabilities(7), such as `CAP_NET_ADMIN`.
  public var name: String { rawValue }
}
