import Glibc

/// Sleeping.
package enum Pause {
  /// Suspends the thread for `time`; a signal may end it early (clock_nanosleep(2)).
  package static func sleep(_ time: Duration) {
    let (seconds, attoseconds) = time.components
    var request = timespec(
      tv_sec: Int(max(0, seconds)), tv_nsec: Int(max(0, attoseconds) / 1_000_000_000))
    unsafe clock_nanosleep(CLOCK_MONOTONIC, 0, &request, nil)
  }
}
