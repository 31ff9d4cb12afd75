import Connections
import Glibc
import Privileges
import ProcessTable
package import Reaping
import Rendering
package import Scanning
import Threads

/// Observes the owners of closed connections on this machine, until the run must stop.
package struct OwnerObservation {
  private let system: LiveSystem
  private var watch: OwnerObserver

  /// Starts watching the owners of the connections that `plan` closes.
  package init(_ plan: Plan, on system: LiveSystem, limits: ClosingLimits) {
    self.system = system
    watch = OwnerObserver(
      plan, in: system.processes, clock: Self.timeSinceBoot, sleep: Pause.sleep,
      isInterrupted: { Interruption.reason != nil || limits.isTimeUp })
  }

  /// Notes that the first connection is about to be closed.
  package mutating func begin() { watch.begin() }

  /// Waits a moment, and returns the owners that still hold closed connections.
  ///
  /// - Parameter snapshot: the owners when the connections were closed.
  package func reactions(to outcomes: [Outcome], in snapshot: Snapshot) -> [OwnerReaction] {
    let closed = outcomes.filter { $0.result == .closed }.map {
      OwnerObserver.Closed(
        inode: $0.step.connection.inode, owners: snapshot.holders(of: $0.step.connection))
    }
    return watch.observe(closed) { inodes, pruning in
      OwnPrivileges.raising(PrivilegedStep.readingOthersDescriptors.needs) {
        try? system.processes.findOwners(
          of: inodes, among: pruning, reading: [],
          threads: ParallelWork.processorCount)
      }
    }
  }

  /// `CLOCK_BOOTTIME`, the clock of process start times in `/proc/PID/stat`.
  private static func timeSinceBoot() -> Duration {
    var time = timespec()
    guard unsafe clock_gettime(CLOCK_BOOTTIME, &time) == 0 else { return .zero }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}
