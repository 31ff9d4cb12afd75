import Glibc
import Privileges
import ProcessTable
import Reaping
import Rendering
import StateFiles
import Synchronization
package import SystemPackage
import Threads

/// Ends a run that a signal or its timeout has stopped, whatever the run is waiting for: the kernel,
/// a lock of the database, a name server, a slow file.
///
/// As long as nothing has been closed it ends the process at once. Later the run is given the time to
/// verify and write down what it did; it stops by itself, and the watchdog is for the case that
/// it does not.
package final class RunWatchdog: Sendable {
  private struct State {
    /// Whether something may have been closed.
    var isActing = false
    /// What the line of the run in the audit log is made of, and the directory of the log.
    var record: (RunRecord, FilePath)?
    var isDisarmed = false
  }

  private let state = Mutex(State())
  private let deadline: ContinuousClock.Instant?

  /// How often it looks.
  private static let interval = Duration.milliseconds(20)
  /// How long a run may go on after a signal, to verify and write down what it has closed.
  private static let graceAfterSignal = Duration.milliseconds(800)
  /// The same after the timeout.
  private static let graceAfterTimeout = Duration.seconds(5)

  private init(deadline: ContinuousClock.Instant?) {
    self.deadline = deadline
  }

  /// Starts one for a run with these limits.
  package static func start(_ limits: ClosingLimits) -> RunWatchdog {
    let watchdog = RunWatchdog(deadline: limits.deadline)
    ParallelWork.start(threads: 1) { watchdog.watch() }.detach()
    return watchdog
  }

  /// From now on a line about the run is due in the audit log of `folder`.
  package func record(_ record: RunRecord, in folder: FilePath) {
    state.withLock { $0.record = (record, folder) }
  }

  /// From now on connections may be closed.
  package func beginActing() { state.withLock { $0.isActing = true } }

  /// The run has ended by itself.
  package func disarm() { state.withLock { $0.isDisarmed = true } }

  private func watch() {
    // Capabilities are of a thread. This one needs none.
    _ = try? OwnPrivileges.keep([], raised: [])
    var signalled: ContinuousClock.Instant?
    while true {
      Pause.sleep(Self.interval)
      let now = ContinuousClock.now
      let (isActing, isDisarmed) = state.withLock { ($0.isActing, $0.isDisarmed) }
      if isDisarmed { return }
      if let number = Interruption.receivedSignal {
        let start = signalled ?? now
        signalled = start
        if !isActing || now - start >= Self.graceAfterSignal { end(.signal(number)) }
      } else if let deadline, now >= deadline {
        if !isActing || now - deadline >= Self.graceAfterTimeout { end(.timeIsUp) }
      }
    }
  }

  /// Ends the process, unless the run has ended or begun to act meanwhile.
  private func end(_ reason: StopReason) {
    let wasActing = state.withLock { $0.isActing }
    state.withLock { state in
      guard !state.isDisarmed, state.isActing == wasActing else { return }
      let status: ExitStatus
      if case .signal(let number) = reason {
        status = .afterSignal(number)
      } else {
        status = .failed
      }
      let error =
        state.isActing
        ? "\(reason), and the run could not be finished in time; see 'connreap log'"
        : "\(reason); nothing was closed"
      // A line that shows the progress is on the terminal perhaps.
      let start = isatty(Standard.error.rawValue) == 1 ? "\r\u{1b}[K" : ""
      Standard.say("\(start)connreap: \(error)\n")
      if let (record, path) = state.record, let line = record.end(status.rawValue, error: error),
        let folder = try? StateFolder(opening: path), let log = try? AuditLog(in: folder)
      {
        try? log.append(line)
      }
      _exit(status.rawValue)
    }
  }
}
