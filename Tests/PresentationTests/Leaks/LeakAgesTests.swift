import Testing

@testable import Presentation

@Suite("Growth by the ages of leaked connections")
struct LeakAgesTests {
  private static let minute: UInt64 = 60_000
  private static let hour: UInt64 = 3_600_000

  private func ages(_ times: [UInt64], uncertainBy slack: UInt64 = 0) -> LeakAges {
    var ages = LeakAges()
    for time in times { ages.add(least: time, most: time + slack) }
    return ages
  }

  @Test(arguments: [1, 7, 60, 600] as [UInt64])
  func aConstantRateIsFound(perHour: UInt64) throws {
    let interval = Self.hour / perHour
    let times = (0..<10 * perHour).map { Self.minute + $0 * interval }
    let growth = try #require(ages(times).growth(of: Self.minute))
    #expect(abs(growth.perHour - Double(perHour)) <= 1 && !growth.isLowerBound)
    #expect(growth.basis == .ages && growth.time == Self.hour, "during the last hour")
  }

  @Test func aBurstLongAgoIsNoGrowth() throws {
    let growth = try #require(
      ages(Array(repeating: 2 * Self.hour, count: 650)).growth(of: Self.minute))
    #expect(growth.perHour == 0 && growth.text == "0")
  }

  @Test func aYoungLeakIsMeasuredOverHalfItsTime() throws {
    let times = (0...40).map { Self.minute + UInt64($0) * 1000 }
    let growth = try #require(ages(times).growth(of: Self.minute))
    #expect(growth.time == 20_000 && growth.perHour == 20 * 180)
  }

  @Test func theGrowthIsUnknownBeforeTenSecondsHavePassed() {
    #expect(ages([]).growth(of: Self.minute) == nil)
    #expect(ages([5 * Self.hour]).growth(of: Self.minute) == nil, "one connection is no curve")
    #expect(ages([60_000, 69_999]).growth(of: Self.minute) == nil)
    #expect(ages([60_000, 70_000]).growth(of: Self.minute) != nil)
  }

  /// Acknowledgements make the lower bound of an age small.
  @Test func connectionsThatMayBeOlderMakeALowerBound() throws {
    var mixed = ages([2 * Self.hour, 10 * Self.minute, 20 * Self.minute])
    for _ in 1...5 { mixed.add(least: 5 * Self.minute, most: 9 * Self.hour) }
    let growth = try #require(mixed.growth(of: Self.minute))
    #expect(growth.isLowerBound && abs(growth.perHour - 2) < 0.1)
    var unknown = LeakAges()
    for time in [1, 2, 3] { unknown.add(least: UInt64(time) * Self.hour / 4, most: nil) }
    #expect(unknown.growth(of: Self.minute) == nil, "no certain age")
  }

  @Test func theFirstConnectionHasBothBounds() {
    var some = ages([5000, 9000], uncertainBy: 100)
    some.add(least: 7000, most: 20_000)
    #expect(some.longest == 9000...20_000 && some.count == 3)
    some.add(least: 1 << 40, most: nil)
    #expect(
      some.longest == UInt64(UInt32.max)...UInt64(UInt32.max), "the kernel's counter ends there")
    #expect(LeakAges().longest == nil)
  }
}

@Suite("The text of a growth")
struct LeakGrowthTests {
  @Test(
    arguments: [
      (1800, false, "+30/min"), (1800, true, "≥ +30/min"), (90, false, "+1.5/min"),
      (60, false, "+1/min"), (59, false, "+59/h"), (1, false, "+1/h"), (0.5, false, "+12/d"),
      (0, false, "0"), (-120, false, "-2/min"), (-1, false, "-1/h"),
      (600_000, false, "+10,000/min"),
      (0.001, false, "0"), (0, true, "≥ 0"), (1.25, false, "+1.3/h"), (750, false, "+13/min"),
    ] as [(Double, Bool, String)])
  func theLargestUnitThatFitsIsUsed(perHour: Double, isLowerBound: Bool, text: String) {
    let growth = LeakGrowth(
      perHour: perHour, isLowerBound: isLowerBound, basis: .ages, time: 1)
    #expect(growth.text == text)
  }

  @Test func twoLooksMeasureTheChange() throws {
    let growth = try #require(LeakGrowth.observed(from: 10, to: 13, after: 10_000))
    #expect(growth.perHour == 1080 && growth.basis == .observation && growth.text == "+18/min")
    #expect(LeakGrowth.observed(from: 13, to: 10, after: 10_000)?.text == "-18/min")
    #expect(LeakGrowth.observed(from: 1, to: 2, after: 0) == nil)
  }
}
