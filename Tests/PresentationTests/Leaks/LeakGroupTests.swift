import Connections
import PolicyEngine
import Testing

@testable import Presentation

@Suite("The cells of a leaking group")
struct LeakGroupTests {
  private func process(_ pid: Int32, open: Int? = nil, limit: Int? = nil, growth: Double? = nil)
    -> LeakGroup.Process
  {
    var process = LeakGroup.Process(
      owner: OwnerProcess(
        identity: ProcessIdentity(pid: pid, startTicks: 1), name: "java", executable: nil,
        userID: 1))
    process.openDescriptors = open
    process.descriptorLimit = limit
    process.growth = growth.map {
      LeakGrowth(perHour: $0, isLowerBound: false, basis: .ages, time: 1)
    }
    return process
  }

  private func group(_ change: (inout LeakGroup) -> Void = { _ in }) -> LeakGroup {
    var group = LeakGroup(
      key: .program(Program(name: "orders.jar", place: nil)), label: "orders.jar")
    group.processes = [process(2210)]
    group.leaked = 646
    change(&group)
    return group
  }

  @Test func aProgramHasItsMainProcessAndTheNumberOfOthers() {
    #expect(group().name == "orders.jar[2210]")
    #expect(group { $0.processes = (1...4).map { process($0) } }.name == "orders.jar[1] +3")
    #expect(group { $0.processes = [] }.name == "orders.jar")
    #expect(group { $0.key = .unit("a.service") }.name == "orders.jar", "only programs have a pid")
    #expect(group { $0.label = "a\u{1b}[2J" }.name == #"a\x1b[2J[2210]"#, "names are escaped")
  }

  @Test func thePlaceIsThePodOrContainerOrUnit() {
    #expect(group().place == "–")
    #expect(group { $0.unit = "orders.service" }.place == "orders.service")
    #expect(group { $0.container = Container(id: "c1", name: "web") }.place == "web")
    let pod = Pod(uid: "u", namespace: "default", name: "web-1")
    #expect(
      group {
        $0.container = Container(id: "c1", name: "web")
        $0.pod = pod
      }.place == "default/web-1")
    #expect(
      group {
        $0.container = Container(id: "c1", name: "web")
        $0.pod = Pod(uid: "u")
      }.place == "web", "a uid says less than a name")
  }

  @Test func theTimeIsALowerBoundUnlessBothBoundsAgree() {
    #expect(group().since == "–")
    #expect(group { $0.longest = 7_980_000...7_981_000 }.since == "2h13m")
    #expect(group { $0.longest = 7_980_000...9_000_000 }.since == "≥ 2h13m")
  }

  @Test func theDescriptorsAreThoseOfTheProcessThatRunsOutFirst() {
    let group = group {
      $0.processes = [
        process(1, open: 900, limit: 1000), process(2, open: 100, limit: 1100, growth: 500),
        process(3, open: 20, limit: 1020, growth: 100),
      ]
    }
    #expect(group.descriptors == "100 of 1,100" && group.lasts == "2h00m")
    let calm = self.group {
      $0.processes = [process(1, open: 10, limit: 1000), process(2, open: 900, limit: 1000)]
    }
    #expect(calm.descriptors == "900 of 1,000" && calm.lasts == "–")
    #expect(self.group { $0.processes = [process(1, open: 5)] }.descriptors == "5")
    #expect(self.group().descriptors == "–")
  }

  @Test func noGrowthNeverRunsOut() {
    #expect(process(1, open: 1, limit: 2, growth: 0).descriptorsLast == nil)
    #expect(process(1, open: 1, limit: 2, growth: -5).descriptorsLast == nil)
    #expect(process(1, open: 2, limit: 2, growth: 5).descriptorsLast == 0)
    #expect(process(1, open: nil, limit: 2, growth: 5).descriptorsLast == nil)
  }

  @Test func theMainPeerHasItsShare() {
    #expect(group().mainPeer == "–")
    let server = LeakGroup.Peer(name: "10.0.0.21:5432", count: 323)
    #expect(group { $0.peers = [server] }.mainPeer == "10.0.0.21:5432 (50 %)")
    #expect(
      group { $0.peers = [LeakGroup.Peer(name: "10.0.0.21:5432", count: 646)] }.mainPeer
        == "10.0.0.21:5432")
    #expect(group { $0.peers = [LeakGroup.Peer(name: "a", count: 2)] }.mainPeer == "a (1 %)")
  }

  @Test func clientsOfAListenerAreNamedAsSuch() {
    let few = LeakGroup.Peer(name: "10.0.0.9", count: 20)
    let most = LeakGroup.Peer(name: "10.0.0.9", count: 400)
    func text(_ peer: LeakGroup.Peer, accepted: Int) -> String {
      group {
        $0.peers = [peer]
        $0.acceptedPort = LeakGroup.AcceptedPort(port: 8080, count: accepted)
      }.mainPeer
    }
    #expect(text(few, accepted: 646) == "clients of :8080")
    #expect(text(few, accepted: 323) == "clients of :8080 (50 %)")
    #expect(text(most, accepted: 646) == "10.0.0.9 (client of :8080)")
    #expect(text(few, accepted: 10) == "10.0.0.9 (3 %)")
  }

  @Test func unknownDeadDescriptorsAreNotZero() {
    #expect(group().deadText == "–")
    #expect(group { $0.dead = 0 }.deadText == "0")
    #expect(group { $0.dead = 1204 }.deadText == "1,204")
  }
}
