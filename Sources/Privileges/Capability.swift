/// A capability that a step of connreap can need (capabilities(7)).
public enum Capability: String, CaseIterable, Sendable {
  /// Closes sockets, and sees their marks.
  case netAdmin = "CAP_NET_ADMIN"
  /// Looks into processes of other users.
  case sysPtrace = "CAP_SYS_PTRACE"
  /// Searches folders and reads files whatever their mode.
  case dacReadSearch = "CAP_DAC_READ_SEARCH"
  /// Enters namespaces.
  case sysAdmin = "CAP_SYS_ADMIN"
  /// Writes files whatever their mode: root's recording in the folder of another user.
  case dacOverride = "CAP_DAC_OVERRIDE"
  /// Gives files to other users: a file that is replaced keeps its owner.
  case chown = "CAP_CHOWN"

  /// The kernel's name, as in capabilities(7): `CAP_NET_ADMIN`.
  public var name: String { rawValue }
}
