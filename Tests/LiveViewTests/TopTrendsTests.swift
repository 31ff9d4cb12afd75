import Connections
import Screens
import TestSupport
import Testing

@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// The change of groups over time.
@Suite struct TopTrendsTests {
  private let scan: TopScan

  init() throws { scan = try TopScene([]).scan() }

  private func group(_ label: String, _ count: Int, closeWait: Int = 0) -> TopView.Group {
    var figures = ConnectionGroup.Figures()
    figures.count = count
    figures.closeWait = closeWait
    var group = TopView.Group(
      group: ConnectionGroup(
        .unit(KernelName(label)), in: scan.snapshot, names: scan.text.names))
    group.group.figures = figures
    return group
  }

  @Test func theFirstCountHasNoChange() {
    var trends = TopTrends()
    trends.take([group("a", 5)], at: .seconds(3))
    #expect(trends.change(of: group("a", 5).group) == nil)
    #expect(!trends.isNew(group("a", 5).group))
  }

  @Test func theChangeIsSinceTheStart() {
    var trends = TopTrends()
    trends.take([group("a", 5), group("b", 9)], at: .seconds(0))
    trends.take([group("a", 7), group("b", 9), group("new", 3)], at: .seconds(2))
    trends.take([group("a", 8), group("new", 3)], at: .seconds(4))
    #expect(trends.change(of: group("a", 8).group) == 3)
    #expect(trends.change(of: group("b", 0).group) == -9, "it has no connections any more")
    #expect(trends.change(of: group("new", 3).group) == 3)
    #expect(trends.change(of: group("never seen", 3).group) == nil)
    trends.take([group("b", 10)], at: .seconds(6))
    #expect(trends.change(of: group("b", 10).group) == 1, "it is back")
  }

  @Test func newGroupsAreNewForAMoment() {
    var trends = TopTrends()
    trends.take([group("a", 5)], at: .seconds(0))
    trends.take([group("a", 5), group("b", 1)], at: .seconds(2))
    #expect(trends.isNew(group("b", 1).group) && !trends.isNew(group("a", 5).group))
    trends.take([group("a", 5), group("b", 1)], at: .seconds(7))
    #expect(!trends.isNew(group("b", 1).group))
  }

  @Test func barsShowCloseWaitRelativeToTheMaximum() {
    var trends = TopTrends()
    for (index, count) in [0, 1, 4, 8, 4].enumerated() {
      trends.take([group("a", 9, closeWait: count)], at: .seconds(2 * index))
    }
    #expect(trends.trend(of: group("a", 9).group, width: 8) == "▁▂▅█▅")
    #expect(trends.trend(of: group("a", 9).group, width: 3) == "▁▅█")
    #expect(trends.trend(of: group("a", 9).group, width: 0) == "")
    trends.take([group("b", 9)], at: .seconds(10))
    #expect(trends.trend(of: group("b", 9).group, width: 8) == "", "never in CLOSE-WAIT")
  }

  @Test func aPauseContinuesTheLastValue() {
    var trends = TopTrends()
    trends.take([group("a", 4, closeWait: 4)], at: .seconds(0))
    trends.take([group("a", 8, closeWait: 8)], at: .seconds(10))
    #expect(trends.trend(of: group("a", 8).group, width: 8) == "▅▅▅▅▅█")
  }

  @Test func aLongTimeTakesNoMorePoints() {
    var trends = TopTrends()
    for second in stride(from: 0, to: 40_000, by: 10) {
      trends.take([group("a", second, closeWait: second)], at: .seconds(second))
    }
    let bars = trends.trend(of: group("a", 1).group, width: 1000)
    #expect((16...TopTrends.capacity).contains(bars.unicodeScalars.count))
    #expect(bars.hasPrefix("▂") && bars.hasSuffix("█"))
    #expect(bars.unicodeScalars.map(\.value) == bars.unicodeScalars.map(\.value).sorted())
    #expect(trends.change(of: group("a", 1).group) == 39_990)
  }

  @Test func theNumberOfGroupsIsBounded() {
    var trends = TopTrends()
    let groups = (0..<TopTrends.maximumGroups + 10).map { group("g\($0)", 1) }
    trends.take(groups, at: .seconds(0))
    trends.take(groups, at: .seconds(2))
    #expect(trends.change(of: groups[0].group) == 0)
    #expect(trends.change(of: groups[TopTrends.maximumGroups].group) == nil, "not counted")
    trends.take(Array(groups.suffix(10)), at: .seconds(4))
    trends.take(Array(groups.suffix(10)), at: .seconds(6))
    #expect(
      trends.change(of: groups[TopTrends.maximumGroups].group) == nil,
      "it had a number of connections at the start that nobody knows")
  }

  @Test func theViewCountsAfreshForAnotherFilterOrGrouping() throws {
    var scene = TopScene.usual()
    var model = try scene.started(closeWaits: [1, 2])
    #expect(model.line(with: "java[")?.contains(/3 +2 +0 ▅█/) == true)
    model.press("g")
    #expect(model.line(with: "java[")?.contains(/3 +2 +– █/) == true)
    model.press("/")
    model.type("process = java")
    model.press(.enter)
    #expect(model.line(with: "java[")?.contains(/3 +2 +– +/) == true)
    model.take(try scene.scan(model.wanted))
    scene.time += .seconds(2)
    scene.sockets.removeFirst()
    model.take(try scene.scan(model.wanted))
    #expect(model.line(with: "java[")?.contains(/2 +1 +-1 █▅/) == true)
  }
}
