import Glibc
import Presentation
package import Privileges
import Rendering

/// The rights of this run: what it was started with, and what it keeps of that.
///
/// An ordinary user to whom connreap was made more than other programs (file capabilities, or
/// ambient ones) may close only what is theirs. Of theirs nothing decides with more than their own
/// rights: no capability is effective but during a scan and a closing, so that every path they name
/// is opened as they could open it themselves; and the environment does not say where the audit log
/// is.
package enum Rights {
  /// What the process was started with; nil when the kernel did not tell.
  static let atStart = try? Credentials.current()

  /// Those that every command has effective all the time, where it has them.
  private static var raised: Capabilities {
    isElevated ? [] : .all.subtracting(.netAdmin)
  }

  /// Whether an ordinary user has rights here that others have not.
  package static var isElevated: Bool { atStart?.isElevated ?? true }

  /// The one user whose connections may be closed; nil for those of all.
  static var onlyUser: UInt32? { isElevated ? getuid() : nil }

  /// Gives up what no command needs, before a word of the caller's is looked at.
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
      try OwnPrivileges.closeTheWayUp(raised: raised)
    }
  }

  /// Gives up for good what `command` does not need.
  package static func keep(for command: Any) throws(CommandFailure) {
    try keep((command as? any PrivilegedCommand)?.needs ?? [])
  }

  /// Gives up for good all but `needed`.
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

  /// What the environment says of where this user keeps things; of an elevated one, what the
  /// machine says.
  static var homeEnvironment: [String: String] {
    guard isElevated else {
      return ["HOME", "XDG_STATE_HOME"].reduce(into: [:]) { known, name in
        known[name] = Environment.ofProcess[name]
      }
    }
    return SystemNumbers.homeFolder(of: getuid()).map { ["HOME": $0] } ?? [:]
  }
}

/// A command, and the capabilities that it needs: all others are given up when it starts.
package protocol PrivilegedCommand {
  /// What it needs at some time. That of it which is not held is not asked for.
  var needs: Capabilities { get }
}

extension Capabilities {
  /// To find the owners of sockets in /proc.
  package static let owners = PrivilegedStep.readingOthersDescriptors.needs

  /// To replace a file in another user's directory, and give it to the owner of the old one.
  package static let replacingFiles: Capabilities = [.dacOverride, .chown]
}
