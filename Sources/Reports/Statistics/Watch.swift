import Glibc

/// Does something again and again, until SIGINT or SIGTERM ends it between two times.
package struct Watch {
  /// From start to start, in milliseconds.
  package let interval: UInt64

  package init(interval: UInt64) {
    self.interval = interval
  }

  /// Calls `body` again and again.
  package func run(_ body: () throws -> Void) throws {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGINT)
    unsafe sigaddset(&signals, SIGTERM)
    // Kept waiting for the pause below, rather than cutting an output short. Threads inherit it.
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    var next = ContinuousClock.now
    while true {
      try body()
      next += .milliseconds(interval)
      guard !Self.wait(for: &signals, until: next) else { return }
      next = max(next, .now)
    }
  }

  /// Whether one of `signals` came by then.
  private static func wait(
    for signals: inout sigset_t, until end: ContinuousClock.Instant
  ) -> Bool {
    while true {
      let (seconds, fraction) = max(.zero, end - .now).components
      var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(fraction / 1_000_000_000))
      if unsafe sigtimedwait(&signals, nil, &time) > 0 { return true }
      // Another signal, such as that of a terminal that changed its size, ends the pause early.
      guard errno == EINTR else { return false }
    }
  }
}
