import Glibc
import Presentation
package import Privileges
import Rendering

/// The privileges of this run: those it was started with, and those it keeps.
///
/// An ordinary user can get privileges from file capabilities or ambient capabilities. Such an
/// elevated user may close only their own connections. Their capabilities are effective only during
/// a scan and a closing, so every path is opened as the user could open it. The environment does not
/// choose the location of their audit log.
package enum Rights {
  /// The credentials at the start; nil if they could not be read.
  static let atStart = try? Credentials.current()

  /// The capabilities that are effective all the time, if they are held.
  private static var raised: Capabilities {
    isElevated ? [] : .all.subtracting(.netAdmin)
  }

  /// Whether an ordinary user has privileges that others lack.
  package static var isElevated: Bool { atStart?.isElevated ?? true }

  /// The only user whose connections may be closed; nil for all users.
  static var onlyUser: UInt32? { isElevated ? getuid() : nil }

  /// Gives up what no command needs, before any argument is read.
  package static func begin() throws(CommandFailure) {
    guard let atStart else {
      throw CommandFailure(.failed, "cannot read its own capabilities, so it does nothing")
    }
    guard !atStart.isSetID else {
      throw CommandFailure(
        .permission, "connreap does not run set-user-ID or set-group-ID",
        remedy: "clear these bits and use file capabilities: see Documentation/deployment.md")
    }
    try check { () throws(PrivilegeProblem) in
      try OwnPrivileges.preventPrivilegeGain(raised: raised)
    }
  }

  /// Permanently gives up what `command` does not need.
  package static func keep(for command: Any) throws(CommandFailure) {
    try keep((command as? any PrivilegedCommand)?.needs ?? [])
  }

  /// Permanently gives up everything except `needed`.
  package static func keep(_ needed: Capabilities) throws(CommandFailure) {
    try check { () throws(PrivilegeProblem) in
      try OwnPrivileges.keep(needed, raised: raised)
    }
  }

  private static func check(
    _ work: () throws(PrivilegeProblem) -> Void
  ) throws(CommandFailure) {
    do {
      try work()
    } catch {
      throw CommandFailure(.failed, "\(error), so it does nothing")
    }
  }

  /// The variables that determine the user's state directory. For an elevated user, they come from
  /// the user database.
  static var homeEnvironment: [String: String] {
    guard isElevated else {
      return ["HOME", "XDG_STATE_HOME"].reduce(into: [:]) { known, name in
        known[name] = Environment.ofProcess[name]
      }
    }
    return SystemNumbers.homeDirectory(of: getuid()).map { ["HOME": $0] } ?? [:]
  }
}

/// A command that needs capabilities. All others are given up when it starts.
package protocol PrivilegedCommand {
  /// The capabilities that it needs at some time, whether held or not.
  var needs: Capabilities { get }
}

extension Capabilities {
  /// Finding the owners of sockets in `/proc`.
  package static let owners = PrivilegedStep.readingOthersDescriptors.needs

  /// Replacing a file in another user's directory and keeping its owner.
  package static let replacingFiles: Capabilities = [.dacOverride, .chown]
}
