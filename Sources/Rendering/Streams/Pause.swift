import Glibc

/// Waiting.
package enum Pause {
  /// Lets the thread sleep; a signal may end it early (clock_nanosleep(2)).
  package static func sleep(_ time: Duration) {
    let (seconds, attoseconds) = time.components
    var wanted = timespec(
      tv_sec: Int(max(0, seconds)), tv_nsec: Int(max(0, attoseconds) / 1_000_000_000))
    unsafe clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, nil)
  }
}
