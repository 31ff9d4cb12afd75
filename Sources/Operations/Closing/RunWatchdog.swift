import Glibc
import Privileges
import ProcessTable
import Reaping
import Rendering
import StateFiles
import Synchronization
package import SystemPackage
import Threads

/// Ends a run that does not react to a signal or its timeout, because it waits for the kernel, a
/// lock of the database, a name server or a slow file.
///
/// Before anything is closed, the watchdog ends the process at once. Afterwards it gives the run
/// time to verify and record what it did.
package final class RunWatchdog: Sendable {
  private struct State {
    /// Whether something may have been closed.
    var isActing = false
    /// The record of the run, and the directory of the audit log.
    var record: (RunRecord, FilePath)?
    var isDisarmed = false
  }

  private let state = Mutex(State())
  private let deadline: ContinuousClock.Instant?

  /// The time between two checks.
  private static let interval = Duration.milliseconds(20)
  /// How long a run may continue after a signal, to verify and record what it closed.
  private static let graceAfterSignal = Duration.milliseconds(800)
  /// The same after the timeout.
  private static let graceAfterTimeout = Duration.seconds(5)

  private init(deadline: ContinuousClock.Instant?) {
    self.deadline = deadline
  }

  /// Starts a watchdog for a run with these limits.
  package static func start(_ limits: ClosingLimits) -> RunWatchdog {
    let watchdog = RunWatchdog(deadline: limits.deadline)
    ParallelWork.start(threads: 1) { watchdog.watch() }.detach()
    return watchdog
  }

  /// From now on, the run needs an entry in the audit log of `directory`.
  package func record(_ record: RunRecord, in directory: FilePath) {
    state.withLock { $0.record = (record, directory) }
  }

  /// From now on, connections may be closed.
  package func beginActing() { state.withLock { $0.isActing = true } }

  /// The run has ended by itself.
  package func disarm() { state.withLock { $0.isDisarmed = true } }

  private func watch() {
    // Every thread has its own capabilities. This one needs none.
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
        if !isActing || now - deadline >= Self.graceAfterTimeout { end(.timeoutReached) }
      }
    }
  }

  /// Ends the process, unless the run has ended or started to act meanwhile.
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
        ? "\(reason), and the run did not finish in time; see 'connreap log'"
        : "\(reason); nothing was closed"
      // The terminal may show a progress line.
      let start = isatty(Standard.error.rawValue) == 1 ? "\r\u{1b}[K" : ""
      Standard.report("\(start)connreap: \(error)\n")
      if let (record, path) = state.record, let line = record.end(status.rawValue, error: error),
        let directory = try? StateDirectory(opening: path), let log = try? AuditLog(in: directory)
      {
        try? log.append(line)
      }
      _exit(status.rawValue)
    }
  }
}
