public import Connections
internal import Glibc

/// The machine's clocks, read from the kernel.
///
/// It does not read `/proc/uptime`, because lxcfs replaces that file in a container.
public enum SystemClock {
  /// The time since boot including suspend, in milliseconds; nil if the kernel has no such clock
  /// (`CLOCK_BOOTTIME`, Linux 2.6.39).
  public static var uptime: UInt64? { milliseconds(of: CLOCK_BOOTTIME).map { UInt64($0) } }

  /// The time since boot and the wall-clock time, read one after the other.
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
