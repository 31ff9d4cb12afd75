/// What two clocks of the machine said at the same moment.
///
/// The history of earlier runs counts in time since boot. A reading is kept with it, so that the next
/// run can tell whether its own clock is still the same one.
public struct ClockReading: Equatable, Sendable {
  /// Time since boot, suspension included, in milliseconds (`CLOCK_BOOTTIME`).
  public let uptime: UInt64
  /// Wall-clock time, in milliseconds since 1970 (`CLOCK_REALTIME`).
  public let wall: Int64

  /// Both clocks at one moment, in milliseconds.
  public init(uptime: UInt64, wall: Int64) {
    self.uptime = uptime
    self.wall = wall
  }

  /// Why moments that were remembered at `earlier`, in the same boot, say nothing about times at this
  /// reading; nil when nothing speaks against them.
  ///
  /// `CLOCK_BOOTTIME` neither stops nor goes back within a boot. It does so for who restores a
  /// snapshot of a virtual machine, or looks from another time namespace, whose offset applies to it.
  /// A clock that is behind the remembered moments is never right.
  ///
  /// One that is ahead makes a fresh connection look old, and gets it closed. The wall clock is the
  /// only witness against that, and not a good one: NTP and operators set it. So only a difference in
  /// the dangerous direction counts, and only a wide one. The price of a false alarm, after a wall
  /// clock was set back, is that the history starts again: nothing is closed too early. When the wall
  /// clock is ahead, as after the pause of a virtual machine, remembered times are too short, if
  /// anything, and are kept.
  public func doubt(about earlier: ClockReading) -> ClockDoubt? {
    guard uptime >= earlier.uptime else { return .wentBack(by: earlier.uptime - uptime) }
    let passed = Int64(clamping: uptime - earlier.uptime)
    let (wallPassed, overflow) = wall.subtractingReportingOverflow(earlier.wall)
    guard !overflow else { return .ranAhead(by: UInt64(passed)) }
    let (lead, leadOverflow) = passed.subtractingReportingOverflow(wallPassed)
    guard leadOverflow || lead > Self.margin else { return nil }
    return .ranAhead(by: leadOverflow ? .max : UInt64(lead))
  }

  /// How far the clock may run ahead of the wall clock between two runs, in milliseconds: 10 minutes.
  private static let margin: Int64 = 600_000
}

/// Why the moments that earlier runs remembered are not trusted.
public enum ClockDoubt: Equatable, Sendable {
  /// Time since boot is less than it was at the last run, by this many milliseconds.
  case wentBack(by: UInt64)
  /// More time has passed since boot than by the wall clock, by this many milliseconds.
  case ranAhead(by: UInt64)
  /// An earlier version wrote them: it took the time since boot from `/proc/uptime`, over which
  /// containers (lxcfs) mount a file of their own.
  case ofEarlierVersion
}

extension ClockDoubt: CustomStringConvertible {
  /// The message for a user; what is not used follows from the place where it is printed.
  public var description: String {
    switch self {
    case .wentBack(let time):
      "the time since boot is \(DurationText.rounded(milliseconds: time)) less than at the last run"
    case .ranAhead(let time):
      "since the last run, the time since boot grew by \(DurationText.rounded(milliseconds: time)) "
        + "more than the wall clock"
    case .ofEarlierVersion:
      "an earlier version of connreap wrote it, whose times since boot could be wrong in a container"
    }
  }
}
