import Connections
import Glibc
import Presentation
import ProcessTable

/// The runs in the audit log that have not ended yet.
package enum RunningRuns {
  /// Returns a check of whether the run that made a decision is still running.
  package static func check() -> (AuditEntry.Decision) -> Bool {
    let processes = ProcFileSystem()
    let bootID = try? processes.bootID()
    var known: [Int32: OwnerProcess?] = [:]
    return { decision in
      let run = decision.run
      // This process only reads the log. In a container, an earlier run may have had the same pid.
      guard run.bootID == bootID, run.pid != getpid() else { return false }
      if known[run.pid] == nil { known[run.pid] = .some(try? processes.process(run.pid)) }
      guard let process = known[run.pid] ?? nil, process.name == "connreap" else { return false }
      // Old lines lack the start time, so the pid alone decides.
      guard let start = run.processStart else { return true }
      return process.identity.startTicks == start
    }
  }
}
