import Connections
import Glibc
import Presentation
import ProcessTable

/// Which runs of the audit log have not ended yet.
package enum RunningRuns {
  /// Tells whether the run that made a decision is still at it, as far as can be seen now.
  package static func check() -> (AuditEntry.Decision) -> Bool {
    let processes = ProcFileSystem()
    let bootID = try? processes.bootID()
    var known: [Int32: OwnerProcess?] = [:]
    return { decision in
      let run = decision.run
      // The reader of the log closes nothing, whatever pid it has: in a container always the same.
      guard run.bootID == bootID, run.pid != getpid() else { return false }
      if known[run.pid] == nil { known[run.pid] = .some(try? processes.process(run.pid)) }
      guard let process = known[run.pid] ?? nil, process.name == "connreap" else { return false }
      // Of old lines it is not known which of the processes with this pid it was.
      guard let start = run.processStart else { return true }
      return process.identity.startTicks == start
    }
  }
}
