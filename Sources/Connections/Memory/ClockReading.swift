/// Two clocks of the machine, read at the same moment.
///
/// The history counts in time since boot. A reading is stored with it, so that the next run can
/// detect that its clock differs.
public struct ClockReading: Equatable, Sendable {
  /// Time since boot in milliseconds, including suspend (`CLOCK_BOOTTIME`).
  public let uptime: UInt64
  /// Wall-clock time, in milliseconds since 1970 (`CLOCK_REALTIME`).
  public let wall: Int64

  /// Creates a reading of both clocks, in milliseconds.
  public init(uptime: UInt64, wall: Int64) {
    self.uptime = uptime
    self.wall = wall
  }

  /// Why times remembered at `earlier`, in the same boot, cannot be trusted now; nil if they can.
  ///
  /// `CLOCK_BOOTTIME` does not go back within a boot, except after a virtual machine's snapshot is
  /// restored, or in a time namespace with another offset.
  ///
  /// A clock that has run ahead makes a fresh connection look old, and connreap would close it. Only
  /// the wall clock can reveal that, and NTP and operators change the wall clock. Therefore only a
  /// large lead over the wall clock counts. A false alarm, after the wall clock was set back, only
  /// restarts the history. If the wall clock is ahead, as after a virtual machine was paused,
  /// remembered times are too short, which is safe.
  public func doubt(about earlier: ClockReading) -> ClockDoubt? {
    guard uptime >= earlier.uptime else { return .wentBack(by: earlier.uptime - uptime) }
    let passed = Int64(clamping: uptime - earlier.uptime)
    let (wallPassed, overflow) = wall.subtractingReportingOverflow(earlier.wall)
    guard !overflow else { return .ranAhead(by: UInt64(passed)) }
    let (lead, leadOverflow) = passed.subtractingReportingOverflow(wallPassed)
    guard leadOverflow || lead > Self.maximumLead else { return nil }
    return .ranAhead(by: leadOverflow ? .max : UInt64(lead))
  }

  /// How far the clock may run ahead of the wall clock between two runs: 10 minutes.
  private static let maximumLead: Int64 = 600_000
}

/// Why the times that earlier runs remembered are not trusted.
public enum ClockDoubt: Equatable, Sendable {
  /// The time since boot is this many milliseconds less than at the last run.
  case wentBack(by: UInt64)
  /// The time since boot advanced this many milliseconds more than the wall clock.
  case ranAhead(by: UInt64)
  /// An earlier version wrote them. It read the time since boot from `/proc/uptime`, which lxcfs
  /// replaces in containers.
  case fromEarlierVersion
}

extension ClockDoubt: CustomStringConvertible {
  /// The message for a user, without its consequence.
  public var description: String {
    switch self {
    case .wentBack(let time):
      "the time since boot is \(DurationText.rounded(milliseconds: time)) less than at the last run"
    case .ranAhead(let time):
      "since the last run, the time since boot advanced \(DurationText.rounded(milliseconds: time)) "
        + "more than the wall clock"
    case .fromEarlierVersion:
      "it comes from an earlier version of connreap, whose times can be wrong in a container"
    }
  }
}
