package import Operations
import Rendering
package import StateFiles
package import SystemPackage

/// The audit log files, with errors for a user.
package enum LogFiles {
  /// The logs in `directory`: the current one, and those that logrotate(8) renamed.
  package static func find(in directory: FilePath) throws(CommandFailure) -> AuditLogFiles {
    do {
      return try AuditLogFiles(in: directory)
    } catch {
      throw failure(error)
    }
  }

  /// The log at `path`; nil if there is none.
  package static func find(at path: FilePath) throws(CommandFailure) -> AuditLogFile? {
    do {
      return try AuditLogFile(path)
    } catch {
      throw failure(error)
    }
  }

  package static func open(_ file: AuditLogFile) throws(CommandFailure) -> AuditLogReader {
    do {
      return try AuditLogReader(file)
    } catch {
      throw failure(error)
    }
  }

  /// Throws for `problem`, unless it loses only the rest of a compressed log.
  package static func check(_ problem: AuditLogProblem) throws(CommandFailure) {
    guard problem.fault == nil else { return }
    throw failure(problem)
  }

  private static func failure(_ problem: AuditLogProblem) -> CommandFailure {
    let isRefused = problem.errno == .permissionDenied
    return CommandFailure(
      isRefused ? .permission : .failed, EscapedText.lines("\(problem)"),
      remedy: isRefused
        ? "run connreap as the user who wrote it, for example with sudo" : nil)
  }
}
