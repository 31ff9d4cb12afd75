import Glibc
import ProcessTable
package import Rendering

/// One run of a command that closes connections: what all its audit log entries have in common.
package struct AuditedRun: Sendable {
  /// `kill`, `top` or `policy apply`.
  package let command: String
  /// The words of a selection by hand. Nil for policies, which have names.
  package let selection: String?
  /// The effective user.
  package let userID: UInt32
  /// The user who called sudo (`SUDO_USER`).
  package let invokedBy: String?
  package let pid: Int32
  /// When the process was started, in clock ticks since boot. It distinguishes processes with the
  /// same pid. Nil if it cannot be read.
  package let processStart: UInt64?
  /// 64 random bits as hexadecimal digits, because in containers every run has pid 1.
  package let id: String
  package let bootID: String?
  /// When the run began.
  package let started: String
  private let clock = ContinuousClock.now

  /// A run of this process that starts now.
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

  /// Writes the user, the process and the id of the run.
  package func writeIdentity(to json: inout JSONWriter) {
    json.member("uid", userID)
    if let invokedBy { json.member("invoked_by", invokedBy) }
    json.member("pid", UInt32(pid))
    if let processStart { json.member("pid_start", processStart) }
    json.member("run", id)
    json.member("boot_id", bootID)
  }
}
