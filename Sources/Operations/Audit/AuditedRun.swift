import Glibc
import ProcessTable
package import Rendering

/// One run of a command that closes connections: what all its lines in the audit log share.
package struct AuditedRun: Sendable {
  /// `kill`, `top` or `policy apply`.
  package let command: String
  /// The words that select, for a selection by hand; nil for policies, which have names.
  package let selection: String?
  /// The effective user.
  package let userID: UInt32
  /// The name of the user who became that one, as `SUDO_USER` tells it.
  package let invokedBy: String?
  package let pid: Int32
  /// When the process was started, in clock ticks since boot: with the pid, which one it is. Nil
  /// when `/proc` does not tell.
  package let processStart: UInt64?
  /// Identifies the run: 64 random bits as hexadecimal digits. In containers every run has pid 1.
  package let id: String
  package let bootID: String?
  /// When the run began.
  package let started: String
  private let clock = ContinuousClock.now

  /// A run of this process that begins now.
  package init(command: String, selection: String?) {
    self.command = command
    self.selection = selection
    userID = geteuid()
    invokedBy = Rights.isElevated ? nil : Environment.ofProcess["SUDO_USER"]
    pid = getpid()
    let processes = ProcFileSystem()
    processStart = try? processes.startTicks(of: pid)
    bootID = try? processes.bootID()
    let digits = String(UInt64.random(in: .min ... .max), radix: 16)
    id = String(repeating: "0", count: 16 - digits.utf8.count) + digits
    started = Timestamp.now
  }

  /// How long the run has taken so far.
  package var elapsed: Duration { clock.duration(to: .now) }

  /// Writes who runs it, and which run it is.
  package func writeIdentity(to json: inout JSONWriter) {
    json.member("uid", userID)
    if let invokedBy { json.member("invoked_by", invokedBy) }
    json.member("pid", UInt32(pid))
    if let processStart { json.member("pid_start", processStart) }
    json.member("run", id)
    json.member("boot_id", bootID)
  }
}
