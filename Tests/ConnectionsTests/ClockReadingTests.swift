import Connections
import Testing

@Suite("Clock readings")
struct ClockReadingTests {
  private static let hour: Int64 = 3_600_000
  private static let day: Int64 = 24 * hour
  private static let earlier = ClockReading(
    uptime: UInt64(10 * day), wall: 1_800_000_000_000)

  private static func later(_ uptime: Int64, _ wall: Int64) -> ClockReading {
    ClockReading(
      uptime: UInt64(Int64(earlier.uptime) + uptime), wall: earlier.wall + wall)
  }

  @Test(
    "A clock that advanced with the wall clock, or less, is trusted",
    arguments: [
      (0, 0), (hour, hour), (hour, hour - 500_000), (hour, hour + 500_000),
      // A paused virtual machine, or a wall clock that was set forward.
      (hour, 9 * day), (0, 300 * day), (60 * day, 60 * day),
      // NTP set the wall clock back a little.
      (hour, hour - 600_000), (1000, -500_000),
    ] as [(Int64, Int64)])
  func trusted(uptime: Int64, wall: Int64) {
    #expect(Self.later(uptime, wall).doubt(about: Self.earlier) == nil)
  }

  @Test(
    "A clock that went back is never trusted",
    arguments: [(-1, 0), (-1, hour), (-9 * day, hour), (-10 * day, -10 * day)] as [(Int64, Int64)])
  func back(uptime: Int64, wall: Int64) {
    #expect(
      Self.later(uptime, wall).doubt(about: Self.earlier) == .wentBack(by: UInt64(-uptime)))
  }

  @Test(
    "A clock that ran far ahead of the wall clock is not trusted",
    arguments: [(hour, hour - 600_001), (9 * day, 300_000), (hour, -hour), (700_000, 0)]
      as [(Int64, Int64)])
  func ahead(uptime: Int64, wall: Int64) {
    #expect(
      Self.later(uptime, wall).doubt(about: Self.earlier)
        == .ranAhead(by: UInt64(uptime - wall)))
  }

  @Test("Extreme readings do not overflow")
  func extremes() {
    let extremes = [
      ClockReading(uptime: 0, wall: .min), ClockReading(uptime: .max, wall: .max),
      ClockReading(uptime: .max, wall: .min), ClockReading(uptime: 0, wall: .max),
    ]
    for one in extremes {
      for other in extremes { _ = one.doubt(about: other) }
      #expect(one.doubt(about: one) == nil)
    }
  }

  @Test("Messages")
  func messages() {
    #expect(
      ClockDoubt.wentBack(by: 90_000).description
        == "the time since boot is 1m30s less than at the last run")
    #expect(
      ClockDoubt.ranAhead(by: UInt64(9 * Self.day)).description
        == "since the last run, the time since boot advanced 9d00h more than the wall clock")
    #expect(ClockDoubt.fromEarlierVersion.description.contains("earlier version"))
  }
}
