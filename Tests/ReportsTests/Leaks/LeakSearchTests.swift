import Connections
import PolicyEngine
import TestSupport
import Testing

@testable import Presentation
@testable import Reports

@Suite("The search for leaks")
struct LeakSearchTests {
  private static let hour: UInt32 = 3_600_000

  @Test func theProcessesOfAProgramCountTogether() throws {
    var scene = LeakScene()
    let unit = "/system.slice/orders.service"
    let command = ["java", "-jar", "/opt/orders.jar"]
    scene.add(10, "java", command: command, in: unit, leaks: [120_000])
    scene.add(11, "java", command: command, in: unit, leaks: [120_000, 180_000, 1000])
    scene.add(12, "java", command: ["java", "-jar", "s.jar"], in: unit, leaks: [120_000])
    let search = try scene.search()
    #expect(search.groups.map(\.name) == ["orders.jar[11] +1", "s.jar[12]"])
    let orders = search.groups[0]
    #expect(orders.leaked == 3 && orders.figures.closeWait == 4 && orders.unit == "orders.service")
    #expect(orders.processes.map(\.leaked) == [2, 1], "the process with most leaks first")
    #expect(orders.userID == 1000 && orders.longest?.lowerBound == 180_000)
    #expect(search.leaked == 4 && search.programCount == 2 && search.connectionCount == 5)
  }

  @Test(
    arguments: [
      (.process, ["java[10]", "java[11]", "java[12]"]), (.program, ["java[10] +1", "java[12]"]),
      (.unit, ["a.service", "b.service"]), (.peer, ["10.0.0.20"]),
      (.container, ["in no known container"]), (.pod, ["in no known pod"]),
    ] as [(Grouping, [String])])
  func groupsFollowTheKey(grouping: Grouping, names: [String]) throws {
    var scene = LeakScene()
    scene.add(10, "java", in: "/system.slice/a.service", leaks: [120_000])
    scene.add(11, "java", in: "/system.slice/a.service", leaks: [120_000])
    scene.add(12, "java", in: "/system.slice/b.service", leaks: [120_000])
    #expect(try scene.search(by: grouping).groups.map(\.name).sorted() == names.sorted())
  }

  @Test func aContainerIsNamedAndItsUnitIsNot() throws {
    let id = String(repeating: "0a", count: 32)
    var scene = LeakScene()
    scene.add(10, "api", in: "/system.slice/docker-\(id).scope", leaks: [120_000])
    let group = try #require(try scene.search().groups.first)
    #expect(group.container?.id == KernelName(id) && group.unit == nil)
    #expect(group.place == "0a0a0a0a0a0a")
  }

  @Test func youngAndBusyConnectionsAreNoLeaks() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [59_999], idle: [2 * Self.hour])
    let search = try scene.search()
    #expect(search.groups.isEmpty && search.longIdle.count == 1)
    #expect(search.longIdle.label == "app[10]")
    #expect(try scene.search(rule: LeakRule(leakedAfter: 1000)).leaked == 1)
  }

  @Test func idleConnectionsCountIfAskedFor() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000], idle: [2 * Self.hour, 1000])
    let rule = LeakRule(idle: UInt64(Self.hour))
    let group = try #require(try scene.search(rule: rule).groups.first)
    #expect(group.leaked == 2 && group.leakedIdle == 1 && group.figures.closeWait == 1)
  }

  @Test func leaksWithoutAKnownProcessAreCountedSeparately() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000])
    scene.tree.deleteProcess(10)
    let search = try scene.search()
    #expect(search.groups.isEmpty && search.leakedByUnknown == 1)
    #expect(try scene.search(by: .peer).groups.map(\.leaked) == [1], "the peer is known")
  }

  @Test func clientsOfAListenerAreRecognized() throws {
    var scene = LeakScene()
    scene.add(10, "api", leaks: [120_000, 130_000], localPort: 8080, peerPort: 51_000)
    scene.listen(10, on: 8080)
    let group = try #require(try scene.search().groups.first)
    #expect(group.acceptedPort == LeakGroup.AcceptedPort(port: 8080, count: 2))
  }

  @Test func theGrowthComesFromTheAges() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: (0...120).map { 60_000 + UInt32($0) * 60_000 })
    let group = try #require(try scene.search().groups.first)
    #expect(group.growth?.text == "+1/min" && group.growth?.basis == .ages)
  }

  @Test func withoutAgesTheGrowthComesFromTheRunsOfAPolicy() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000])
    var memory = RunMemory()
    let identity = ProcessIdentity(pid: 10, startTicks: 1000)
    memory.groups[
      RememberedGroupKey(policy: "p", group: GroupKey.process(identity).identifier)] =
      RememberedGroup(
        rules: 1, rounds: 3, firstRound: LeakScene.uptime - UInt64(Self.hour), firstCount: 2,
        closed: 62)
    let group = try #require(try scene.search(by: .process, memory: memory).groups.first)
    #expect(group.growth?.text == "≥ +1/min" && group.growth?.basis == .history)
  }

  @Test func twoSearchesMeasureTheGrowth() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: [120_000, 500])
    scene.add(11, "calm", leaks: [120_000])
    let first = try scene.search()
    var second = scene
    second.add(11, "calm")
    second.add(10, "app", leaks: [1, 1, 1])
    var search = try second.search()
    search.measureGrowth(since: first, after: 10_000)
    #expect(search.groups.map(\.label) == ["app", "calm"])
    #expect(search.groups.map { $0.growth?.text } == ["+18/min", "0"])
    #expect(search.groups[0].processes[0].growth?.text == "+18/min")
  }

  /// Connections that were too young to count in the first search existed all the same.
  @Test func connectionsThatBecomeLeakedBetweenTwoSearchesAreNoGrowth() throws {
    var scene = LeakScene()
    scene.add(10, "app", leaks: Array(repeating: 55_000, count: 40))
    let first = try scene.search()
    #expect(first.groups.isEmpty)
    var later = LeakScene()
    later.add(10, "app", leaks: Array(repeating: 65_000, count: 40))
    var search = try later.search()
    search.measureGrowth(since: first, after: 10_000)
    #expect(search.groups.map { $0.growth?.text } == ["0"])
    #expect(search.groups[0].processes.map { $0.growth?.text } == ["0"])
  }

  @Test func theWorstComesFirst() throws {
    var scene = LeakScene()
    scene.add(10, "few", leaks: [120_000])
    scene.add(11, "many", leaks: [120_000, 120_000])
    scene.add(12, "alike", leaks: [120_000])
    #expect(try scene.search().groups.map(\.label) == ["many", "alike", "few"])
  }

  @Test func descriptorsAreReadForTheProcessesThatLeakMost() throws {
    var scene = LeakScene()
    for pid in 10...40 { scene.add(Int32(pid), "app", leaks: [120_000]) }
    var search = try scene.search()
    var count = 0
    search.readDescriptors { _ in
      count += 1
      return nil
    }
    #expect(count == 16, "the cost does not depend on the number of processes")
  }
}
