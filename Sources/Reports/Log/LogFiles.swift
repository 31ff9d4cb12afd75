package import Operations
import Rendering
package import StateFiles
package import SystemPackage

/// The files of the audit log, for the commands that read them.
package enum LogFiles {
  /// The logs in `folder`: the current one, and those that logrotate(8) has put aside.
  package static func find(in folder: FilePath) throws(CommandFailure) -> AuditLogFiles {
    do {
      return try AuditLogFiles(in: folder)
    } catch {
      throw failure(error)
    }
  }

  /// The log at `path`; nil when there is none.
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

  /// The failure that `problem` is, unless only the rest of a compressed log is lost.
  package static func check(_ problem: AuditLogProblem) throws(CommandFailure) {
    guard problem.fault == nil else { return }
    throw failure(problem)
  }

  private static func failure(_ problem: AuditLogProblem) -> CommandFailure {
    let isRefused = problem.errno == .permissionDenied
    return CommandFailure(
      isRefused ? .permission : .failed, EscapedText.lines("\(problem)"),
      remedy: isRefused
        ? "read it as the user that wrote it, root perhaps: run it with sudo" : nil)
  }
}
