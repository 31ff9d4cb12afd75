import Testing

@testable import LiveView

/// The limit on processor time.
@Suite struct ScanPaceTests {
  private let start = ContinuousClock.now

  @Test func theFirstScanMayBeginAtOnce() {
    #expect(ScanPace().next(interval: .seconds(2), used: .seconds(1)) == nil)
  }

  @Test func cheapScansFollowTheInterval() {
    var pace = ScanPace()
    pace.begin(at: start, used: .seconds(5))
    #expect(
      pace.next(interval: .seconds(2), used: .milliseconds(5100)) == start + .seconds(2))
    #expect(pace.pace(interval: .seconds(2), used: .milliseconds(5100)) == nil)
  }

  @Test func expensiveScansTakeATenthOfACore() {
    var pace = ScanPace()
    pace.begin(at: start, used: .seconds(5))
    #expect(
      pace.next(interval: .seconds(2), used: .milliseconds(5700)) == start + .seconds(7))
    #expect(pace.pace(interval: .seconds(2), used: .milliseconds(5700)) == .seconds(7))
    #expect(
      pace.next(interval: .seconds(30), used: .milliseconds(5700)) == start + .seconds(30))
  }

  @Test func theProcessorTimeOfThisProcessGrows() {
    let before = ScanPace.used
    var sum = 0
    while ScanPace.used - before < .milliseconds(5) { sum &+= 1 }
    #expect(before > .zero && sum > 0)
  }

  @Test func theTitleTellsTheTimeBetweenScans() throws {
    var model = try TopScene.usual().model(width: 100)
    model.pace = .seconds(7)
    #expect(model.screen[0].contains("every 7s (10 % CPU)"))
    model.pace = nil
    #expect(model.screen[0].contains("every 2s "))
  }
}
