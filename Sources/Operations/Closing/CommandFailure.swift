import Glibc

/// The exit codes, with the numbers of sysexits.h where it has one.
package enum ExitStatus: Int32 {
  case done = 0
  /// Something failed or could not be verified.
  case failed = 1
  /// The plan is larger than a limit allows; nothing was closed.
  case refused = 2
  /// Bad usage (`EX_USAGE`).
  case usage = 64
  /// A bad policy, plan or recording (`EX_DATAERR`).
  case badData = 65
  /// This kernel cannot do it (`EX_UNAVAILABLE`).
  case unavailable = 69
  /// Another run holds the lock (`EX_TEMPFAIL`).
  case locked = 75
  /// A permission is missing (`EX_NOPERM`).
  case permission = 77
  /// SIGHUP stopped it: 128 plus the number of the signal, as shells report it.
  case hangUp = 129
  /// SIGINT stopped it.
  case interrupted = 130
  /// SIGTERM stopped it.
  case terminated = 143

  /// The exit code of a run that a signal stopped.
  package static func afterSignal(_ number: Int32) -> ExitStatus {
    ExitStatus(rawValue: 128 + number) ?? .failed
  }
}

extension CommandFailure: CustomStringConvertible {
  /// The message without the remedy.
  package var description: String { message ?? "\(status)" }
}

/// An error that ends a command.
package struct CommandFailure: Error, Equatable {
  package let status: ExitStatus
  /// What failed, in one line; nil if that was already reported.
  package let message: String?
  /// What to do about it, on the following lines.
  package let remedy: String?

  package init(_ status: ExitStatus, _ message: String?, remedy: String? = nil) {
    self.status = status
    self.message = message
    self.remedy = remedy
  }

  /// The lines for standard error.
  package var text: String {
    guard let message else { return "" }
    return (["connreap: \(message)"] + (remedy.map { [$0] } ?? [])).joined(separator: "\n") + "\n"
  }

  /// The command ends with `status`, and has already reported why.
  package static func silent(_ status: ExitStatus) -> CommandFailure { CommandFailure(status, nil) }
}
