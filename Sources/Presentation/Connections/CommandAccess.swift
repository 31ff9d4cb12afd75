package import Connections
import Glibc

/// Whose command lines are shown. They may contain secrets.
package enum CommandAccess: Sendable {
  /// Those of all processes, as for root.
  case all
  /// Those of this user's processes.
  case ofUser(UInt32)
  /// None, as in files that others read.
  case none

  /// What the user who runs connreap may see.
  ///
  /// It is decided by the real user: file capabilities, or set-user-ID root, give no access.
  package static var ofCaller: CommandAccess { getuid() == 0 ? .all : .ofUser(getuid()) }

  /// The maximum number of bytes that are shown of a command line.
  package static let maximumLength = 4096

  /// The command line of `process`, cut off with an ellipsis if it is long; nil if it is unknown or
  /// must not be shown.
  package func command(of process: OwnerProcess) -> KernelName? {
    switch self {
    case .all: break
    case .ofUser(let id): guard process.userID == id else { return nil }
    case .none: return nil
    }
    guard let command = process.command else { return nil }
    let text = command.text
    guard command.isTruncated || text.count > Self.maximumLength else { return text }
    return KernelName(bytes: text.bytes.prefix(Self.maximumLength)) + "…"
  }
}
