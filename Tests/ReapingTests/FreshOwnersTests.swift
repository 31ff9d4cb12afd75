import Connections
import DescriptorActions
import Netlink
import ProcessTable
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

@testable import Reaping

/// Owners that are reread during a run, and their effect on decisions.
@Suite struct FreshOwnersTests {
  /// A clock that only sleeping and the test advance, with an action for each sleep.
  final class FakeTime {
    var now = Duration.zero
    var whileSleeping: () -> Void = {}
  }

  /// Reads owners with a scanner and counts the requests.
  final class CountingLookup: OwnerLookup {
    let scanner: Scanner
    private(set) var asked: [Int] = []
    var problem: ScanProblem?
    var beforeReading: () -> Void = {}

    init(_ scene: Scene) {
      scanner = Scanner(processes: scene.tree.files, threads: 1) { scene.kernel.open() }
    }

    func rereadOwners(_ refresh: OwnerRefresh) throws(ScanProblem) -> Snapshot {
      asked.append(refresh.inodes.count)
      beforeReading()
      if let problem { throw problem }
      return try scanner.rereadOwners(refresh)
    }
  }

  let time = FakeTime()

  private func run(
    _ scene: Scene, _ plan: Plan, rate: Int? = nil, by rules: (any ClosingRules)? = nil,
    lookup: CountingLookup? = nil, through descriptors: any DescriptorAccess = ProcessDescriptors(),
    announcing: @escaping (ArraySlice<Plan.Step>, Snapshot) -> Void = { _, _ in }
  ) throws -> ClosingResult {
    let pace = ClosingPace(
      rate: { _ in rate }, elapsed: { [time] in time.now },
      sleep: { [time] in
        time.now += $0
        time.whileSleeping()
      })
    let reaper = Reaper(uptime: { nil }, through: descriptors) { scene.kernel.open() }
    return try reaper.carryOut(
      plan,
      supervisedBy: ClosingSupervisor(
        rules: { rules ?? ChosenRules(guardedBy: Scene.guards()) },
        owners: lookup ?? CountingLookup(scene), pace: pace,
        announcing: { steps, snapshot, _ in
          announcing(steps, snapshot)
          return nil
        }))
  }

  private func results(_ result: ClosingResult) -> [Outcome.Result] {
    result.outcomes.map(\.result)
  }

  // MARK: - When owners are read

  @Test func readsOwnersOnceWithoutARate() throws {
    let scene = Scene.connections(20)
    let lookup = CountingLookup(scene)
    lookup.beforeReading = { #expect(scene.kernel.destroyRequests.isEmpty) }
    #expect(try results(run(scene, scene.plan(), lookup: lookup)).allSatisfy { $0 == .closed })
    #expect(lookup.asked == [20])
  }

  @Test func readsTheRemainingOwnersAfterASecond() throws {
    let scene = Scene.connections(24)
    let plan = try scene.plan()
    let lookup = CountingLookup(scene)
    scene.kernel.beforeDestroy = { [time] _ in time.now += .milliseconds(100) }
    #expect(try results(run(scene, plan, lookup: lookup)).allSatisfy { $0 == .closed })
    // A group of eight takes 0.8 s, two of them more than a second.
    #expect(lookup.asked == [24, 8])
  }

  @Test func usesASlowReadingForAMoment() throws {
    let scene = Scene.connections(24)
    let plan = try scene.plan()
    let lookup = CountingLookup(scene)
    lookup.beforeReading = { [time] in time.now += .seconds(3) }
    scene.kernel.beforeDestroy = { [time] _ in time.now += .milliseconds(10) }
    _ = try run(scene, plan, lookup: lookup)
    #expect(lookup.asked == [24, 8], "a group of eight takes 80 ms")
  }

  @Test func readsOwnersBeforeEachClosingWithARate() throws {
    let scene = Scene.connections(4)
    let plan = try scene.plan()
    let lookup = CountingLookup(scene)
    var moments: [(Duration, Int)] = []
    lookup.beforeReading = { [time] in
      moments.append((time.now, scene.kernel.destroyRequests.count))
    }
    _ = try run(scene, plan, rate: 1, lookup: lookup)
    #expect(lookup.asked == [1, 1, 1, 1])
    #expect(moments.map(\.0) == [.zero, .seconds(1), .seconds(2), .seconds(3)])
    #expect(moments.map(\.1) == [0, 1, 2, 3])
  }

  @Test func doesNotSearchOwnersOfKernelRecords() throws {
    let scene = Scene([FakeSocket(cookie: 1, inode: 0) { $0.state = 5 }])
    scene.tree.process(77, name: "bystander")
    let lookup = CountingLookup(scene)
    let guards = Scene.guards(namedStates: .all)
    let plan = Plan(
      closing: try scene.snapshot(.term(.states(.all))), guardedBy: guards)
    let result = try run(scene, plan, by: ChosenRules(guardedBy: guards), lookup: lookup)
    #expect(results(result) == [.closed])
    #expect(lookup.asked == [])
  }

  // MARK: - What owners decide

  /// Whether every process is read, or only some.
  static let walks = [true, false]

  private func scene(_ count: Int, isWalked: Bool) -> Scene {
    let scene = Scene.connections(count)
    if isWalked { scene.tree.file("sys/fs/file-nr", "100\t0\t1000\n") }
    return scene
  }

  @Test(arguments: walks) func sparesASocketPassedToAProtectedProcess(isWalked: Bool) throws {
    let scene = scene(3, isWalked: isWalked)
    scene.tree.process(200, name: "sshd")
    let plan = try scene.plan()
    scene.tree.unlink("100/fd/2")
    scene.tree.link("200/fd/5", to: "socket:[12]")
    let result = try run(scene, plan)
    #expect(results(result) == [.closed, .spared(.protectedName("sshd", pid: 200)), .closed])
    let holders = plan.steps.map { result.snapshot.holders(of: $0.connection).map(\.name) }
    #expect(holders == [["java"], ["sshd"], ["java"]])
    #expect(scene.kernel.destroyRequests == [1, 3])
  }

  @Test(arguments: walks) func findsAProtectedCoOwner(isWalked: Bool) throws {
    let scene = scene(2, isWalked: isWalked)
    let plan = try scene.plan()
    // Forked after the plan, or passed on by the owner, which keeps its descriptor.
    scene.tree.process(200, name: "worker", start: 900)
    scene.tree.process(again: 200, name: "sshd", start: 900)
    scene.tree.link("200/fd/5", to: "socket:[12]")
    #expect(
      try results(run(scene, plan)) == [.closed, .spared(.protectedName("sshd", pid: 200))])
  }

  @Test(arguments: walks, [true, false])
  func findsAnOwnerThatTookAProtectedName(isWalked: Bool, isExecuted: Bool) throws {
    let scene = scene(2, isWalked: isWalked)
    let plan = try scene.plan()
    scene.tree.process(
      again: 100, name: isExecuted ? "worker" : "sshd",
      executable: isExecuted ? "sshd" : "java", start: 1000)
    let spared = Outcome.Result.spared(.protectedName("sshd", pid: 100))
    #expect(try results(run(scene, plan)) == [spared, spared])
  }

  @Test(arguments: walks) func aReusedPidIsNotTheOwner(isWalked: Bool) throws {
    let scene = scene(1, isWalked: isWalked)
    let plan = try scene.plan()
    scene.tree.process(again: 100, name: "java", start: 2000)
    scene.tree.unlink("100/fd/1")
    #expect(
      try results(run(scene, plan)) == [
        .spared(.ownerLost(try #require(plan.snapshot.owners?.processes.first).label))
      ])
  }

  @Test(arguments: walks) func sparesASocketInFlight(isWalked: Bool) throws {
    let scene = scene(2, isWalked: isWalked)
    let plan = try scene.plan()
    scene.tree.unlink("100/fd/1")
    let result = try run(scene, plan)
    #expect(result.outcomes[0].reason == "owner unknown now; it was java[100]")
    #expect(results(result)[1] == .closed)
  }

  @Test(arguments: walks) func endedConnectionsNeedNoFullSearch(
    isWalked: Bool
  ) throws {
    let scene = scene(2, isWalked: isWalked)
    let plan = try scene.plan()
    scene.tree.unlink("100/fd/1")
    scene.kernel.sockets.removeAll { $0.cookie == 1 }
    #expect(try results(run(scene, plan)) == [.gone, .closed])
  }

  @Test(arguments: walks) func announcesANewUnprotectedOwner(isWalked: Bool) throws {
    let scene = scene(2, isWalked: isWalked)
    scene.tree.process(300, name: "worker", start: 900)
    let plan = try scene.plan()
    scene.tree.unlink("100/fd/1")
    scene.tree.link("300/fd/6", to: "socket:[11]")
    var announced: [[KernelName?]] = []
    let result = try run(
      scene, plan,
      announcing: { steps, snapshot in
        announced += steps.map { snapshot.holders(of: $0.connection).map(\.name) }
      })
    #expect(results(result) == [.closed, .closed])
    #expect(announced == [["worker"], ["java"]])
    #expect(result.snapshot.holders(of: plan.steps[0].connection).map { $0.name } == ["worker"])
  }

  @Test(arguments: walks) func sparesASocketThatLeftTheSelectedProgram(
    isWalked: Bool
  ) throws {
    let scene = scene(2, isWalked: isWalked)
    scene.tree.process(300, name: "worker", start: 900)
    let predicate = SelectionPredicate.term(.process(try Glob("java")))
    let plan = try scene.plan(predicate)
    scene.tree.unlink("100/fd/1")
    scene.tree.link("300/fd/6", to: "socket:[11]")
    let result = try run(
      scene, plan, by: SelectionRules(predicate, guardedBy: Scene.guards()))
    #expect(result.outcomes[0].reason == "no longer selected: now held by worker[300]")
    #expect(results(result)[1] == .closed)
  }

  @Test(arguments: walks) func findsAnExcludedCoOwner(
    isWalked: Bool
  ) throws {
    let scene = scene(2, isWalked: isWalked)
    scene.tree.process(300, name: "nginx", start: 900)
    let predicate = SelectionPredicate.not(.term(.process(try Glob("nginx"))))
    let plan = try scene.plan(predicate)
    scene.tree.link("300/fd/6", to: "socket:[11]")
    let result = try run(
      scene, plan, by: SelectionRules(predicate, guardedBy: Scene.guards()))
    #expect(results(result)[0] == .spared(.changed(to: .established)))
    #expect(results(result)[1] == .closed)
  }

  @Test func usesTheDescriptorsReadLast() throws {
    let scene = Scene.connections(1)
    let guards = Scene.guards(method: .abort)
    let plan = try scene.plan(guards: guards)
    scene.tree.unlink("100/fd/1")
    scene.tree.link("100/fd/9", to: "socket:[11]")
    let descriptors = FakeDescriptors()
    let result = try run(
      scene, plan, by: ChosenRules(guardedBy: guards), through: descriptors)
    #expect(descriptors.asked.map(\.number) == [9])
    #expect(results(result) == [.unverified(.stillListed(.established))])
  }

  // MARK: - Unreadable owners

  @Test func sparesTheRestIfOwnersCannotBeReread() throws {
    let scene = Scene.connections(3)
    let plan = try scene.plan()
    let lookup = CountingLookup(scene)
    time.whileSleeping = { lookup.problem = .cannotReadProcesses(.noProcesses("/proc")) }
    let result = try run(scene, plan, rate: 1, lookup: lookup)
    #expect(results(result)[0] == .closed)
    for outcome in result.outcomes.dropFirst() {
      #expect(outcome.result.word == "spared")
      #expect(outcome.reason?.hasPrefix("its owners could not be reread: ") == true)
    }
    #expect(lookup.asked == [1, 1], "not tried again")
    #expect(scene.kernel.destroyRequests == [1])
  }

  @Test(arguments: walks) func sparesTheRestAfterANewGap(isWalked: Bool) throws {
    let scene = scene(2, isWalked: isWalked)
    let plan = try scene.plan()
    scene.tree.process(unreadable: 500, name: "sshd")
    let result = try run(scene, plan)
    #expect(result.outcomes.allSatisfy { $0.result.word == "spared" })
    #expect(scene.kernel.destroyRequests == [])
  }

  @Test func sparesTheRestIfGuardsCannotBeRemade() throws {
    struct Unknown: Error {}
    let scene = Scene.connections(2)
    let plan = try scene.plan()
    let reaper = Reaper(uptime: { nil }) { scene.kernel.open() }
    let result = try reaper.carryOut(
      plan,
      supervisedBy: ClosingSupervisor(
        rules: { throw Unknown() }, owners: CountingLookup(scene),
        pace: ClosingPace(elapsed: { .zero }, sleep: { _ in })))
    #expect(result.outcomes.allSatisfy { $0.result.word == "spared" })
    #expect(scene.kernel.destroyRequests == [])
  }

  @Test func undoneStepsKeepTheOwnersOfThePlan() throws {
    let scene = Scene.connections(3)
    let plan = try scene.plan()
    let reaper = Reaper(uptime: { nil }) { scene.kernel.open() }
    let result = try reaper.carryOut(
      plan,
      supervisedBy: ClosingSupervisor(
        rules: { ChosenRules(guardedBy: Scene.guards()) }, owners: CountingLookup(scene),
        pace: ClosingPace(
          rate: { _ in .max }, elapsed: { .zero }, sleep: { _ in },
          interruption: { $0.connection.cookie.rawValue == 2 ? .signal(15) : nil })))
    #expect(result.outcomes.map(\.result.word) == ["closed", "failed", "failed"])
    #expect(plan.steps.allSatisfy { !result.snapshot.holders(of: $0.connection).isEmpty })
  }

  /// Owners that change at random between plan and closing, and between closings with a rate.
  @Test(arguments: [true, false], walks)
  func neverClosesAProtectedConnection(isPaced: Bool, isWalked: Bool) throws {
    var random = Seeded(isPaced ? 77 : 78)
    var counts: [String: Int] = [:]
    for _ in 0..<100 {
      let machine = ChangingMachine(connections: 25, isWalked: isWalked)
      let plan = try machine.scene.plan()
      let planned = plan.closings.count
      time.now = .zero
      time.whileSleeping = {
        if Int.random(in: 0..<4, using: &random) == 0 { machine.change(&random) }
      }
      for _ in 0..<Int.random(in: 0...(isPaced ? 30 : 90), using: &random) {
        machine.change(&random)
      }
      // The closure refers to the machine, whose files are removed with it.
      defer { machine.scene.kernel.beforeDestroy = { _ in } }
      machine.scene.kernel.beforeDestroy = { cookie in
        #expect(!machine.isProtected(inode: UInt32(10 + cookie)))
        #expect(machine.isHeld(inode: UInt32(10 + cookie)))
      }
      let result = try run(machine.scene, plan, rate: isPaced ? 10 : nil)
      #expect(result.outcomes.count == 25 && planned == 25)
      for outcome in result.outcomes { counts[outcome.result.word, default: 0] += 1 }
    }
    #expect(counts.values.reduce(0, +) == 2500)
    #expect(counts["closed"] ?? 0 > 250 && counts["spared"] ?? 0 > 250)
  }
}
