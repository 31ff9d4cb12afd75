internal import Glibc

/// Who runs this process, and with which rights.
///
/// A value, so that what follows from it can be tested as any user.
public struct Credentials: Equatable, Sendable {
  /// Who called: the real user.
  public let userID: UInt32
  /// Whose rights on files it has: the effective user.
  public let effectiveUserID: UInt32
  /// Whether the real and the effective group differ.
  public let hasGroupOfFile: Bool
  /// Whether the kernel gave the program more rights than its caller has (`AT_SECURE`).
  public let isSecureExecution: Bool
  /// The capabilities that it has.
  public let held: HeldCapabilities

  /// These, whatever the process has.
  public init(
    userID: UInt32, effectiveUserID: UInt32, hasGroupOfFile: Bool = false,
    isSecureExecution: Bool = false, held: HeldCapabilities
  ) {
    self.userID = userID
    self.effectiveUserID = effectiveUserID
    self.hasGroupOfFile = hasGroupOfFile
    self.isSecureExecution = isSecureExecution
    self.held = held
  }

  /// Those of the calling thread.
  public static func current() throws(PrivilegeProblem) -> Credentials {
    Credentials(
      userID: getuid(), effectiveUserID: geteuid(), hasGroupOfFile: getgid() != getegid(),
      isSecureExecution: ThreadCapabilities.isSecureExecution,
      held: try HeldCapabilities.current())
  }

  /// Whether the file is set-user-ID or set-group-ID: its owner's rights on files come with it.
  public var isSetID: Bool { userID != effectiveUserID || hasGroupOfFile }

  /// Whether an ordinary user has rights that others of its kind have not, by capabilities of the
  /// file or ambient ones. Such a caller is not to get more than what connreap is for.
  public var isElevated: Bool {
    userID != 0 && (isSecureExecution || !held.permitted.isEmpty)
  }
}
