import Connections
import Netlink
import Reaping
import Scanning
import SystemPackage
import TestSupport
import Testing

/// When a run may close the next connection, with a clock that only sleeping advances.
@Suite struct ClosingPaceTests {
  /// A clock that only sleeping and simulated work advance.
  final class FakeTime {
    var now = Duration.zero
    private(set) var longestSleep = Duration.zero

    func sleep(_ time: Duration) {
      now += time
      longestSleep = max(longestSleep, time)
    }
  }

  let time = FakeTime()

  private func pace(
    timeout: Duration? = nil, rate: Int? = nil, interruption: @escaping () -> StopReason? = { nil }
  ) -> ClosingPace {
    ClosingPace(
      timeout: timeout, rate: { _ in rate }, elapsed: { [time] in time.now },
      sleep: { [time] in time.sleep($0) }, interruption: { _ in interruption() })
  }

  private static func step(policy: Int? = nil) throws -> Plan.Step {
    let connection = try #require(Scene.connections(1).snapshot().connections.first)
    return Plan.Step(
      connection: connection, decision: .close,
      policy: policy.map { Plan.PolicyReference(index: $0, name: "policy-\($0)") })
  }

  @Test func doesNotWaitWithoutARate() throws {
    var pace = pace()
    let step = try Self.step()
    for _ in 0..<1000 { #expect(pace.reasonToStop(before: step) == nil) }
    #expect(time.now == .zero)
  }

  @Test(arguments: [1, 3, 10, 250])
  func aRateSpacesAllClosingsButTheFirst(rate: Int) throws {
    var pace = pace(rate: rate)
    let step = try Self.step()
    #expect(pace.reasonToStop(before: step) == nil)
    #expect(time.now == .zero)
    for _ in 0..<rate { #expect(pace.reasonToStop(before: step) == nil) }
    #expect(time.now > .milliseconds(999) && time.now <= .seconds(1))
  }

  @Test func sleepsInShortSlices() throws {
    var pace = pace(rate: 1)
    let step = try Self.step()
    _ = pace.reasonToStop(before: step)
    _ = pace.reasonToStop(before: step)
    #expect(time.longestSleep == .milliseconds(50))
  }

  @Test func aLateClosingIsNotFollowedByABurst() throws {
    var pace = pace(rate: 10)
    let step = try Self.step()
    _ = pace.reasonToStop(before: step)
    time.now += .seconds(60)
    _ = pace.reasonToStop(before: step)
    let start = time.now
    for _ in 0..<10 { _ = pace.reasonToStop(before: step) }
    #expect(time.now - start >= .milliseconds(990))
  }

  /// However long each closing takes, and however late the run wakes up.
  @Test func neverExceedsTheRateWithinASecond() throws {
    var random = Seeded(3)
    let step = try Self.step()
    for _ in 0..<50 {
      let rate = Int.random(in: 1...2000, using: &random)
      var pace = pace(rate: rate)
      var moments: [Duration] = []
      for _ in 0..<rate * 2 {
        _ = pace.reasonToStop(before: step)
        moments.append(time.now)
        time.now += .microseconds(Int.random(in: 0...1500, using: &random))
      }
      let allowed = rate + rate / 100 + 2
      for (index, moment) in moments.enumerated() where index >= allowed {
        #expect(moment - moments[index - allowed] >= .seconds(1))
      }
    }
  }

  @Test func stepsWaitForTheRateOfTheirPolicy() throws {
    var pace = ClosingPace(
      rate: { $0.policy?.index == 0 ? 2 : nil }, elapsed: { [time] in time.now },
      sleep: { [time] in time.sleep($0) })
    let (slow, quick) = (try Self.step(policy: 0), try Self.step(policy: 1))
    var moments: [Duration] = []
    for step in [quick, quick, slow, quick, slow] {
      #expect(pace.reasonToStop(before: step) == nil)
      moments.append(time.now)
    }
    #expect(moments == [.zero, .zero, .milliseconds(500), .milliseconds(500), .seconds(1)])
  }

  @Test func closesNothingAfterTheTimeout() throws {
    var pace = pace(timeout: .seconds(2))
    let step = try Self.step()
    time.now = .milliseconds(1999)
    #expect(pace.reasonToStop(before: step) == nil)
    time.now = .seconds(2)
    #expect(pace.reasonToStop(before: step) == .timeoutReached)
  }

  @Test func doesNotWaitBeyondTheTimeout() throws {
    var pace = pace(timeout: .milliseconds(1500), rate: 1)
    let step = try Self.step()
    #expect(pace.reasonToStop(before: step) == nil)
    #expect(pace.reasonToStop(before: step) == nil)
    #expect(pace.reasonToStop(before: step) == .timeoutReached)
    #expect(time.now == .seconds(1))
  }

  @Test func anInterruptionEndsTheWait() throws {
    var pace = pace(rate: 1) { [time] in
      time.now > .milliseconds(200) ? .signal(15) : nil
    }
    let step = try Self.step()
    #expect(pace.reasonToStop(before: step) == nil)
    #expect(pace.reasonToStop(before: step) == .signal(15))
    #expect(time.now == .milliseconds(250))
  }

  @Test func describesEveryStopReason() {
    let reasons: [StopReason] = [
      .signal(1), .signal(2), .signal(15), .signal(10), .timeoutReached, .outputClosed,
      .cannotRecord(.noSpace),
    ]
    #expect(
      reasons.map(\.description) == [
        "stopped by SIGHUP", "stopped by SIGINT", "stopped by SIGTERM", "stopped by signal 10",
        "timeout reached", "output closed",
        "cannot write the audit log: No space left on device",
      ])
    #expect(
      Outcome.FailureReason.notDone(.signal(2)).description == "not done: stopped by SIGINT")
  }
}

/// What a stopped run has done and what it leaves untouched.
@Suite struct StoppedRunTests {
  private func carryOut(
    _ scene: Scene, _ plan: Plan, _ reasonToStop: @escaping (Plan.Step) -> StopReason?
  ) throws -> [UInt64: Outcome.Result] {
    let reaper = Reaper(uptime: { nil }) { scene.kernel.open() }
    let outcomes = try reaper.carryOut(
      plan, isStillSelected: { _, _ in true }, reasonToStop: reasonToStop)
    #expect(outcomes.map(\.step.connection.cookie) == plan.steps.map(\.connection.cookie))
    return Dictionary(
      uniqueKeysWithValues: outcomes.map { ($0.step.connection.cookie.rawValue, $0.result) })
  }

  @Test func verifiesClosingsAndTouchesNothingElse() throws {
    let scene = Scene.connections(4)
    let plan = try scene.plan()
    let before = scene.kernel.dumps
    let results = try carryOut(scene, plan) {
      $0.connection.cookie.rawValue == 3 ? .timeoutReached : nil
    }
    #expect(
      results == [
        1: .closed, 2: .closed, 3: .failed(.notDone(.timeoutReached)),
        4: .failed(.notDone(.timeoutReached)),
      ])
    #expect(scene.kernel.lookedUp == [1, 2, 3, 4, 1, 2], "the closings were verified")
    #expect(scene.kernel.destroyRequests == [1, 2])
    #expect(scene.kernel.dumps == before)
  }

  @Test func doesNotAskAgainAfterAStop() throws {
    let scene = Scene.connections(5)
    var asked: [UInt64] = []
    _ = try carryOut(scene, scene.plan()) { step in
      asked.append(step.connection.cookie.rawValue)
      return asked.count == 2 ? .signal(2) : nil
    }
    #expect(asked == [1, 2])
  }

  @Test func aStopBeforeTheFirstClosingDoesNothing() throws {
    let scene = Scene.connections(2)
    let plan = try scene.plan()
    let before = scene.kernel.dumps
    let results = try carryOut(scene, plan) { _ in .outputClosed }
    #expect(results.values.allSatisfy { $0 == .failed(.notDone(.outputClosed)) })
    #expect(scene.kernel.dumps == before && scene.kernel.lookedUp == [])
  }

  @Test func doesNotAskAboutSparedConnections() throws {
    let scene = Scene.connections(2)
    let steps = try scene.plan().steps.map {
      Plan.Step(connection: $0.connection, decision: .spare(.listener))
    }
    let results = try carryOut(scene, Plan(steps, from: scene.snapshot())) { _ in .timeoutReached }
    #expect(results == [1: .spared(.listener), 2: .spared(.listener)])
  }

  @Test func verifiesAnUnansweredRequestAfterAStop() throws {
    let scene = Scene.connections(3)
    scene.kernel.loseDestroyAnswer = { _ in .overrun }
    let plan = try scene.plan()
    let results = try carryOut(scene, plan) {
      $0.connection.cookie.rawValue == 2 ? .signal(15) : nil
    }
    #expect(results[1] == .closed)
    #expect(results[2] == .failed(.notDone(.signal(15))))
  }
}
