internal import Glibc

/// The users, groups and capabilities of a process.
///
/// A value, so that tests can check decisions for any user.
public struct Credentials: Equatable, Sendable {
  /// The real user, who called the program.
  public let userID: UInt32
  /// The effective user, whose file permissions apply.
  public let effectiveUserID: UInt32
  /// Whether the real and the effective group differ.
  public let groupsDiffer: Bool
  /// Whether the program has more privileges than its caller (`AT_SECURE`).
  public let isSecureExecution: Bool
  /// The capabilities of the process.
  public let held: HeldCapabilities

  /// Creates credentials from explicit values.
  public init(
    userID: UInt32, effectiveUserID: UInt32, groupsDiffer: Bool = false,
    isSecureExecution: Bool = false, held: HeldCapabilities
  ) {
    self.userID = userID
    self.effectiveUserID = effectiveUserID
    self.groupsDiffer = groupsDiffer
    self.isSecureExecution = isSecureExecution
    self.held = held
  }

  /// The credentials of the calling thread.
  public static func current() throws(PrivilegeProblem) -> Credentials {
    Credentials(
      userID: getuid(), effectiveUserID: geteuid(), groupsDiffer: getgid() != getegid(),
      isSecureExecution: ThreadCapabilities.isSecureExecution,
      held: try HeldCapabilities.current())
  }

  /// Whether the executable is set-user-ID or set-group-ID, so that its owner's permissions apply.
  public var isSetID: Bool { userID != effectiveUserID || groupsDiffer }

  /// Whether an ordinary user has extra privileges, from file capabilities or ambient capabilities.
  ///
  /// Such a caller must not gain more than connreap's own functions.
  public var isElevated: Bool {
    userID != 0 && (isSecureExecution || !held.permitted.isEmpty)
  }
}
