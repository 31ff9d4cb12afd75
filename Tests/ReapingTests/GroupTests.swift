import Connections
import Netlink
import Scanning
import SystemPackage
import TestSupport
import Testing

@testable import Reaping

/// Connections that are announced and read again together.
@Suite struct GroupTests {
  /// The outcomes of a plan, in order, and the announced groups.
  private struct Run {
    var results: [Outcome.Result] = []
    var groups: [[UInt64]] = []
    /// The cookies in the order of the checks for a stop.
    var asked: [UInt64] = []
  }

  private func carryOut(
    _ scene: Scene, _ plan: Plan, isPaced: @escaping (Plan.Step) -> Bool = { _ in false },
    isStillSelected: @escaping (Plan.Step, Connection) -> Bool = { _, _ in true },
    cannotAnnounce: Int? = nil, stopBefore: UInt64? = nil
  ) throws -> Run {
    var run = Run()
    let reaper = Reaper(uptime: { nil }) { scene.kernel.open() }
    run.results = try reaper.carryOut(
      plan, isPaced: isPaced, isStillSelected: isStillSelected,
      announcing: { group in
        #expect(!group.isEmpty)
        if run.groups.count == cannotAnnounce { return .cannotRecord(.noSpace) }
        let done = Set(scene.kernel.destroyRequests)
        let cookies = group.map(\.connection.cookie.rawValue)
        #expect(done.isDisjoint(with: cookies), "a closing is announced before it is done")
        run.groups.append(cookies)
        return nil
      },
      reasonToStop: { step in
        let cookie = step.connection.cookie.rawValue
        run.asked.append(cookie)
        return cookie == stopBefore ? .signal(2) : nil
      }
    ).map(\.result)
    return run
  }

  @Test(arguments: [1, 2, 15, 16, 17, 32, 33])
  func groupsHaveAtMostSixteenSteps(count: Int) throws {
    let scene = Scene.connections(count)
    let plan = try scene.plan()
    let before = scene.kernel.datagrams
    let run = try carryOut(scene, plan)
    let cookies = (1...count).map(UInt64.init)
    #expect(run.groups.flatMap { $0 } == cookies)
    #expect(run.groups.dropLast().allSatisfy { $0.count == Reaper.groupSize })
    #expect(run.asked == cookies, "one check for each")
    #expect(run.results.allSatisfy { $0 == .closed })
    #expect(scene.kernel.destroyed == cookies)
    #expect(scene.kernel.lookedUp == cookies + cookies)
    let (groups, looks) = ((count + 15) / 16, (count + 31) / 32)
    #expect(scene.kernel.datagrams - before == groups + count + looks)
  }

  @Test func readsAGroupRightBeforeClosingIt() throws {
    let scene = Scene.connections(33)
    let plan = try scene.plan()
    var destroyedAtLook: [UInt64: Int] = [:]
    scene.kernel.beforeLookUp = { cookie in
      if destroyedAtLook[cookie] == nil {
        destroyedAtLook[cookie] = scene.kernel.destroyed.count
      }
    }
    _ = try carryOut(scene, plan)
    for cookie in UInt64(1)...33 {
      #expect(destroyedAtLook[cookie] == Int(cookie - 1) / 16 * 16)
    }
  }

  @Test func pacedStepsAreReadAndAnnouncedAlone() throws {
    let scene = Scene.connections(4)
    let plan = try scene.plan()
    var destroyedAtLook: [Int] = []
    scene.kernel.beforeLookUp = { _ in destroyedAtLook.append(scene.kernel.destroyed.count) }
    let run = try carryOut(scene, plan, isPaced: { _ in true })
    #expect(run.groups == [[1], [2], [3], [4]])
    #expect(destroyedAtLook.prefix(4) == [0, 1, 2, 3])
  }

  @Test func aPacedStepEndsTheGroup() throws {
    let scene = Scene.connections(6)
    let run = try carryOut(scene, scene.plan()) { $0.connection.cookie.rawValue == 3 }
    #expect(run.groups == [[1, 2], [3], [4, 5, 6]])
    #expect(run.results.allSatisfy { $0 == .closed })
  }

  @Test(arguments: 1...9)
  func closesNothingAfterAStopWithinAGroup(stop: UInt64) throws {
    let scene = Scene.connections(12)
    let run = try carryOut(scene, scene.plan(), stopBefore: stop)
    let done = Int(stop - 1)
    #expect(scene.kernel.destroyRequests == Array(1..<stop))
    #expect(run.results.prefix(done).allSatisfy { $0 == .closed })
    #expect(run.results.dropFirst(done).allSatisfy { $0 == .failed(.notDone(.signal(2))) })
    #expect(run.results.count == 12)
    #expect(run.asked == Array(1...stop), "no further checks")
  }

  @Test func touchesNothingThatCannotBeAnnounced() throws {
    let scene = Scene.connections(20)
    let run = try carryOut(scene, scene.plan(), cannotAnnounce: 1)
    #expect(run.groups == [Array(1...16)])
    #expect(run.results.prefix(16).allSatisfy { $0 == .closed })
    #expect(
      run.results.dropFirst(16).allSatisfy { $0 == .failed(.notDone(.cannotRecord(.noSpace))) })
    #expect(scene.kernel.destroyRequests == Array(1...16))
    #expect(!scene.kernel.lookedUp.contains(17))
  }

  @Test func aRefusalAffectsOneStep() throws {
    let scene = Scene.connections(8)
    scene.kernel.refuseDestroy = { number, _ in number == 3 ? 1 : nil }
    let run = try carryOut(scene, scene.plan())
    var expected = [Outcome.Result](repeating: .closed, count: 8)
    expected[2] = .failed(.notPermitted)
    #expect(run.results == expected)
    #expect(scene.kernel.destroyRequests == Array(1...8))
  }

  @Test func sparesASuccessorWithTheSameAddresses() throws {
    let scene = Scene.connections(8)
    let plan = try scene.plan()
    scene.kernel.sockets[3].cookie = 99
    let run = try carryOut(scene, plan)
    #expect(run.results[3] == .gone)
    #expect(run.results.count { $0 == .closed } == 7)
    #expect(scene.kernel.sockets.map(\.cookie) == [99])
    #expect(scene.kernel.destroyRequests == [1, 2, 3, 5, 6, 7, 8])
  }

  @Test func sparesASuccessorThatAppearsAfterTheLookup() throws {
    let scene = Scene.connections(8)
    let plan = try scene.plan()
    scene.kernel.beforeDestroy = { [kernel = scene.kernel] cookie in
      guard cookie == 2, let place = kernel.sockets.firstIndex(where: { $0.cookie == 5 })
      else { return }
      kernel.sockets[place].cookie = 99
    }
    let run = try carryOut(scene, plan)
    #expect(run.results[4] == .gone)
    #expect(run.results.count { $0 == .closed } == 7)
    #expect(scene.kernel.sockets.map(\.cookie) == [99])
    #expect(!scene.kernel.destroyRequests.contains(99))
  }

  @Test func sparesAnActiveConnectionWithinAGroup() throws {
    let scene = Scene.connections(8)
    let plan = try scene.plan()
    scene.kernel.sockets[5].info = .idle(3)
    let run = try carryOut(scene, plan, isStillSelected: { _, now in now.idle ?? 0 > 1000 })
    #expect(run.results[5] == .spared(.changed(to: .established)))
    #expect(run.results.count { $0 == .closed } == 7)
    #expect(scene.kernel.destroyRequests == [1, 2, 3, 4, 5, 7, 8])
  }

  @Test func destroysNothingOfAnEndedGroup() throws {
    let scene = Scene.connections(8)
    let plan = try scene.plan()
    scene.kernel.sockets = []
    let run = try carryOut(scene, plan)
    #expect(run.results.allSatisfy { $0 == .gone })
    #expect(scene.kernel.destroyRequests == [])
  }

  @Test(
    arguments: [
      .overrun, .truncated(capacity: 32 * 1024), .foreignSender(port: 7), .unfinished,
      .wrongSequence(expected: 4, received: 3),
      .malformed(MalformedDatagram(.shortMessageHeader(left: 3), at: 0)),
    ] as [NetlinkProblem], [1, 4, 8])
  func readsEachStepAloneAfterAFailedGroupLookup(problem: NetlinkProblem, place: Int) throws {
    let scene = Scene.connections(8)
    scene.kernel.failLookUp = { $0 == place ? problem : nil }
    let run = try carryOut(scene, scene.plan())
    #expect(run.results.allSatisfy { $0 == .closed })
    #expect(scene.kernel.destroyed == Array(1...8))
    #expect(Array(scene.kernel.lookedUp.prefix(16)) == Array(1...8) + Array(1...8))
    #expect(run.groups == [Array(1...8)], "not announced again")
    #expect(run.asked == Array(1...8))
  }

  @Test func aFailedLookupFailsOneStep() throws {
    let scene = Scene.connections(8)
    // The third of the group lookup, and again alone.
    scene.kernel.failLookUp = { [3, 11].contains($0) ? .overrun : nil }
    let run = try carryOut(scene, scene.plan())
    var expected = [Outcome.Result](repeating: .closed, count: 8)
    expected[2] = .failed(.netlink(.overrun))
    #expect(run.results == expected)
    #expect(scene.kernel.destroyRequests == [1, 2, 4, 5, 6, 7, 8])
  }

  @Test func stopsWhileStepsAreReadAlone() throws {
    let scene = Scene.connections(8)
    scene.kernel.failLookUp = { $0 == 2 ? .overrun : nil }
    let run = try carryOut(scene, scene.plan(), stopBefore: 4)
    #expect(scene.kernel.destroyRequests == [1, 2, 3])
    #expect(run.results.dropFirst(3).allSatisfy { $0 == .failed(.notDone(.signal(2))) })
  }

  @Test func readsTheRestAgainAfterALostAcknowledgement() throws {
    let scene = Scene.connections(8)
    scene.kernel.loseDestroyAnswer = { $0 == 3 ? .overrun : nil }
    let run = try carryOut(scene, scene.plan())
    #expect(run.results.allSatisfy { $0 == .closed })
    #expect(scene.kernel.destroyed == Array(1...8), "none is destroyed twice")
    #expect(Array(scene.kernel.lookedUp.prefix(13)) == Array(1...8) + Array(4...8))
    #expect(run.groups == [Array(1...8)])
    #expect(run.asked == Array(1...8))
  }

  @Test func aRefusedLookupAffectsOneStep() throws {
    let scene = Scene.connections(8)
    scene.kernel.refuseLookUp = { $1 == 5 ? 12 : nil }
    let run = try carryOut(scene, scene.plan())
    var expected = [Outcome.Result](repeating: .closed, count: 8)
    expected[4] = .failed(.netlink(.refused(.noMemory)))
    #expect(run.results == expected)
    #expect(scene.kernel.destroyRequests == [1, 2, 3, 4, 6, 7, 8])
    #expect(Array(scene.kernel.lookedUp.prefix(8)) == Array(1...8), "no further lookups")
  }

  @Test func sparedStepsAreInNoGroup() throws {
    let scene = Scene.connections(10)
    let steps = try scene.plan().steps.map { step in
      step.connection.cookie.rawValue % 2 == 0
        ? step : Plan.Step(connection: step.connection, decision: .spare(.listener))
    }
    let run = try carryOut(scene, Plan(steps, from: scene.snapshot()))
    #expect(run.groups == [[2, 4, 6, 8, 10]])
    #expect(run.results == (1...10).map { $0 % 2 == 0 ? .closed : .spared(.listener) })
  }

  @Test func verifiesWithADumpAfterAFailedLookup() throws {
    let scene = Scene.connections(8)
    let plan = try scene.plan()
    let before = scene.kernel.dumps
    scene.kernel.failLookUp = { $0 == 12 ? .overrun : nil }
    let run = try carryOut(scene, plan)
    #expect(run.results.allSatisfy { $0 == .closed })
    #expect(scene.kernel.dumps == before + 1, "one dump for all")
  }

  @Test func groupsHaveTheOutcomesOfSingleSteps() throws {
    var random = Seeded(31)
    for _ in 0..<300 {
      let count = Int.random(in: 1...20, using: &random)
      let sets = (0..<4).map { _ in
        Set((1...UInt64(count)).filter { _ in Int.random(in: 0..<5, using: &random) == 0 })
      }
      let (gone, refused, active, changed) = (sets[0], sets[1], sets[2], sets[3])
      func run(isPaced: Bool) throws -> (Run, [UInt64]) {
        let scene = Scene.connections(count)
        let plan = try scene.plan()
        scene.kernel.sockets.removeAll { gone.contains($0.cookie) }
        for place in scene.kernel.sockets.indices {
          let cookie = scene.kernel.sockets[place].cookie
          if active.contains(cookie) { scene.kernel.sockets[place].info = .idle(1) }
          if changed.contains(cookie) { scene.kernel.sockets[place].inode = 0 }
        }
        scene.kernel.refuseDestroy = { refused.contains($1) ? 1 : nil }
        let run = try carryOut(
          scene, plan, isPaced: { _ in isPaced },
          isStillSelected: { _, now in now.idle ?? 0 > 1000 })
        return (run, scene.kernel.destroyed)
      }
      let (together, alone) = (try run(isPaced: false), try run(isPaced: true))
      #expect(together.0.results == alone.0.results)
      #expect(together.1 == alone.1)
      #expect(together.0.asked == alone.0.asked)
    }
  }
}
