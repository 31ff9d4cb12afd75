import Connections
import Netlink
import Reaping
import SystemPackage
import TestSupport
import Testing

@Suite struct ReaperTests {
  @Test func closesEachOnceInPlanOrder() throws {
    let scene = Scene.connections(3)
    #expect(try scene.carryOut(scene.plan()) == [1: .closed, 2: .closed, 3: .closed])
    #expect(scene.kernel.destroyed == [1, 2, 3])
    #expect(
      scene.kernel.lookedUp == [1, 2, 3, 1, 2, 3],
      "each is read again before it is closed, and looked for at the end")
  }

  @Test func doesNotDestroyAnEndedConnection() throws {
    let scene = Scene.connections(2)
    let plan = try scene.plan()
    scene.kernel.sockets.removeAll { $0.cookie == 1 }
    #expect(try scene.carryOut(plan) == [1: .gone, 2: .closed])
    #expect(scene.kernel.destroyRequests == [2])
  }

  @Test func aConnectionThatEndsAfterTheLookupIsGone() throws {
    let scene = Scene.connections(1)
    scene.kernel.beforeDestroy = { [kernel = scene.kernel] cookie in
      kernel.sockets.removeAll { $0.cookie == cookie }
    }
    #expect(try scene.carryOut(scene.plan()) == [1: .gone])
    #expect(scene.kernel.destroyed == [])
  }

  @Test func sparesASuccessorOnTheSameAddresses() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan()
    var successor = scene.kernel.sockets[0]
    successor.cookie = 99
    scene.kernel.sockets = [successor]
    #expect(try scene.carryOut(plan) == [1: .gone])
    #expect(scene.kernel.sockets.map(\.cookie) == [99])
    #expect(!scene.kernel.destroyRequests.contains(99))
  }

  @Test func sparesAListenerOnThePort() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan()
    scene.kernel.sockets = [
      FakeSocket(cookie: 50, inode: 5) {
        $0.state = 10
        $0.peerPort = 0
      }
    ]
    #expect(try scene.carryOut(plan) == [1: .gone])
    #expect(scene.kernel.sockets.map(\.cookie) == [50])
  }

  @Test func sparesAConnectionThatBecameActive() throws {
    let scene = Scene.connections(2)
    let plan = try scene.plan()
    scene.kernel.beforeLookUp = { cookie in
      if cookie == 1 { scene.kernel.sockets[0].info = .idle(3) }
    }
    let results = try scene.carryOut(plan) { _, now in now.idle.map { $0 > 1000 } ?? false }
    #expect(results == [1: .spared(.changed(to: .established)), 2: .closed])
    #expect(scene.kernel.destroyRequests == [2])
  }

  @Test func aConnectionClosedByItsProgramIsGone() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan()
    // The same cookie survives in TIME-WAIT, which no process holds.
    scene.kernel.sockets[0].state = 6
    scene.kernel.sockets[0].inode = 0
    #expect(try scene.carryOut(plan) == [1: .gone])
    #expect(scene.kernel.destroyRequests == [])
  }

  @Test func aRefusalFailsOneStep() throws {
    let scene = Scene.connections(4)
    scene.kernel.refuseDestroy = { number, _ in [3: 1, 4: 95][number] }
    #expect(
      try scene.carryOut(scene.plan()) == [
        1: .closed, 2: .closed, 3: .failed(.notPermitted), 4: .failed(.notSupported),
      ])
  }

  @Test func verifiesAfterALostAnswer() throws {
    let scene = Scene.connections(3)
    // ENOBUFS after the request, which was carried out nevertheless.
    scene.kernel.loseDestroyAnswer = { $0 == 1 ? .overrun : nil }
    #expect(try scene.carryOut(scene.plan()) == [1: .closed, 2: .closed, 3: .closed])
    #expect(scene.kernel.destroyed == [1, 2, 3], "none is destroyed twice")
  }

  @Test func aLostAnswerForAListedSocketIsAFailure() throws {
    let scene = Scene.connections(1)
    scene.kernel.keepsDestroyed = true
    scene.kernel.loseDestroyAnswer = { _ in .overrun }
    #expect(try scene.carryOut(scene.plan()) == [1: .failed(.netlink(.overrun))])
  }

  @Test func anAcknowledgedSocketStillListedIsUnverified() throws {
    let scene = Scene.connections(1)
    scene.kernel.keepsDestroyed = true
    #expect(try scene.carryOut(scene.plan()) == [1: .unverified(.stillListed(.established))])
  }

  @Test func aFailedVerificationIsNotAClosing() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan()
    scene.kernel.failLookUp = { $0 == 2 ? .interrupted : nil }
    scene.kernel.failDump = { _ in .interrupted }
    #expect(try scene.carryOut(plan) == [1: .unverified(.cannotLook(.interrupted))])
  }

  @Test func repeatsATransientlyFailedVerification() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan()
    let before = scene.kernel.dumps
    scene.kernel.failLookUp = { $0 == 2 ? .overrun : nil }
    scene.kernel.failDump = { $0 == before + 1 ? .overrun : nil }
    #expect(try scene.carryOut(plan) == [1: .closed])
    #expect(scene.kernel.dumps == before + 2, "a dump says what a look-up could not")
  }

  @Test func continuesAfterAFailedLookup() throws {
    let scene = Scene.connections(2)
    // In the group, and alone.
    scene.kernel.failLookUp = {
      [1, 3].contains($0) ? .wrongSequence(expected: 1, received: 9) : nil
    }
    #expect(
      try scene.carryOut(scene.plan()) == [
        1: .failed(.netlink(.wrongSequence(expected: 1, received: 9))), 2: .closed,
      ])
    #expect(scene.kernel.destroyRequests == [2])
  }

  @Test func aSocketDestroyedByAnotherIsGone() throws {
    let scene = Scene.connections(2)
    let plan = try scene.plan()
    scene.kernel.sockets[0].state = 7
    #expect(try scene.carryOut(plan) == [1: .gone, 2: .closed])
    #expect(scene.kernel.destroyRequests == [2])
  }

  @Test func aDestroyedSocketStillInCLOSEIsClosed() throws {
    let scene = Scene.connections(1)
    scene.kernel.keepsDestroyed = true
    scene.kernel.beforeDestroy = { [kernel = scene.kernel] _ in kernel.sockets[0].state = 7 }
    #expect(try scene.carryOut(scene.plan()) == [1: .closed])
  }

  @Test func aRefusedLookupFailsOneStep() throws {
    let scene = Scene.connections(3)
    scene.kernel.refuseLookUp = { number, _ in number == 2 ? 12 : nil }
    #expect(
      try scene.carryOut(scene.plan()) == [
        1: .closed, 2: .failed(.netlink(.refused(.noMemory))), 3: .closed,
      ])
    #expect(scene.kernel.destroyRequests == [1, 3])
  }

  @Test func connectionsOfAnExitedProcessAreGone() throws {
    let scene = Scene.connections(2)
    let plan = try scene.plan()
    // Its exit closed both: one is an orphan now, and the other is gone.
    scene.kernel.beforeLookUp = { cookie in
      guard cookie == 1 else { return }
      scene.kernel.sockets[0].state = 5
      scene.kernel.sockets[0].inode = 0
      scene.kernel.sockets.removeAll { $0.cookie == 2 }
    }
    #expect(try scene.carryOut(plan) == [1: .gone, 2: .gone])
    #expect(scene.kernel.destroyRequests == [])
  }

  @Test func twoRunsOfOnePlanCloseEachOnce() throws {
    var random = Seeded(21)
    for _ in 0..<50 {
      let scene = Scene.connections(10)
      let plan = try scene.plan()
      var other: [UInt64: Outcome.Result] = [:]
      let moment = UInt64.random(in: 1...10, using: &random)
      // The closure refers to the scene, whose files are removed with it.
      defer { scene.kernel.beforeDestroy = { _ in } }
      scene.kernel.beforeDestroy = { cookie in
        guard cookie == moment, other.isEmpty else { return }
        scene.kernel.beforeDestroy = { _ in }
        // The other run closes it between the lookup and the destroy request.
        other = (try? scene.carryOut(plan)) ?? [:]
      }
      let first = try scene.carryOut(plan)
      for cookie in UInt64(1)...10 {
        #expect([first[cookie], other[cookie]].count { $0 == .closed } == 1)
        #expect([first[cookie], other[cookie]].count { $0 == .gone } == 1)
      }
      #expect(scene.kernel.destroyed.sorted() == Array(1...10))
    }
  }

  @Test func aListedSocketThatIsNotFoundIsAFailure() throws {
    let scene = Scene.connections(1)
    scene.kernel.refuseDestroy = { _, _ in 2 }
    #expect(try scene.carryOut(scene.plan()) == [1: .failed(.notFoundByAddress)])
  }

  @Test func closesNothingWithoutAConversation() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan()
    let reaper = Reaper(uptime: { nil }) { () throws(NetlinkProblem) in
      throw .cannotOpen(.tooManyOpenFiles)
    }
    #expect(throws: NetlinkProblem.cannotOpen(.tooManyOpenFiles)) {
      try reaper.carryOut(plan) { _, _ in true }
    }
  }

  @Test func neverDestroysSocketsOutsideThePlan() throws {
    var random = Seeded(7)
    for _ in 0..<200 {
      let scene = Scene.connections(12)
      var steps = try scene.plan().steps
      steps.removeAll { _ in Bool.random(using: &random) }
      let plan = Plan(steps, from: try scene.snapshot())
      let planned = Set(steps.map(\.connection.cookie.rawValue))
      var faults = random
      scene.kernel.refuseDestroy = { _, _ in
        [nil, nil, 1, 2, 95, 12].randomElement(using: &faults)!
      }
      var losses = random
      scene.kernel.loseDestroyAnswer = { _ in
        [nil, nil, .overrun, .unfinished].randomElement(using: &losses)!
      }
      var vanishing = random
      scene.kernel.beforeLookUp = { cookie in
        if Int.random(in: 0..<4, using: &vanishing) == 0 {
          scene.kernel.sockets.removeAll { $0.cookie == cookie }
        }
      }
      let results = try scene.carryOut(plan)
      #expect(Set(scene.kernel.destroyRequests).isSubset(of: planned))
      #expect(Set(results.keys) == planned)
      for (cookie, result) in results where result == .closed || result == .gone {
        #expect(!scene.kernel.sockets.contains { $0.cookie == cookie })
      }
      for cookie in scene.kernel.destroyed {
        #expect(results[cookie] == .closed, "what was destroyed is reported as closed")
      }
      _ = random.next()
    }
  }
}
