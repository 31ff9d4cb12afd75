public import Connections
internal import Glibc

/// The clocks of the machine, read from the kernel.
///
/// No file can stand in for them: over `/proc/uptime`, which shows the same time, a container may
/// have a file of its own (lxcfs).
public enum SystemClock {
  /// Time since boot, the time in which the machine slept included, in milliseconds; nil when the
  /// kernel has no such clock (`CLOCK_BOOTTIME`, Linux 2.6.39).
  public static var uptime: UInt64? { milliseconds(of: CLOCK_BOOTTIME).map { UInt64($0) } }

  /// Time since boot and wall-clock time, read one after the other.
  public static var reading: ClockReading? {
    guard let uptime, let wall = milliseconds(of: CLOCK_REALTIME) else { return nil }
    return ClockReading(uptime: uptime, wall: wall)
  }

  /// See: 'man 2 clock_gettime'.
  private static func milliseconds(of clock: clockid_t) -> Int64? {
    var time = timespec()
    guard unsafe clock_gettime(clock, &time) == 0, time.tv_sec >= 0, time.tv_sec < 1 << 40 else {
      return nil
    }
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
