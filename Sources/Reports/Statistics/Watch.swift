import Glibc

/// Repeats work at an interval, until SIGINT or SIGTERM ends it between two rounds.
package struct Watch {
  /// The time from start to start, in milliseconds.
  package let interval: UInt64

  package init(interval: UInt64) {
    self.interval = interval
  }

  /// Calls `body` until a signal arrives.
  package func run(_ body: () throws -> Void) throws {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGINT)
    unsafe sigaddset(&signals, SIGTERM)
    // A signal waits for the pause below, so it cuts no output short. Threads inherit the mask.
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    var next = ContinuousClock.now
    while true {
      try body()
      next += .milliseconds(interval)
      guard !Self.wait(for: &signals, until: next) else { return }
      next = max(next, .now)
    }
  }

  /// Waits until `end`, and returns whether one of `signals` arrived.
  private static func wait(
    for signals: inout sigset_t, until end: ContinuousClock.Instant
  ) -> Bool {
    while true {
      let (seconds, fraction) = max(.zero, end - .now).components
      var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(fraction / 1_000_000_000))
      if unsafe sigtimedwait(&signals, nil, &time) > 0 { return true }
      // Other signals, such as SIGWINCH, interrupt the wait.
      guard errno == EINTR else { return false }
    }
  }
}
