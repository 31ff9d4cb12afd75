import Connections
import ProcessTable
import Scanning
import TestSupport
import Testing

@testable import Reaping

/// Reports about the owners of closed connections.
@Suite struct OwnerObserverTests {
  /// A clock that only sleeping advances, with actions at some times.
  final class Time {
    private(set) var now = Duration.seconds(1_000)
    var events: [(after: Duration, action: () -> Void)] = []
    private let start = Duration.seconds(1_000)

    var passed: Duration { now - start }

    func sleep(_ time: Duration) {
      now += time
      let due = events.filter { $0.after <= passed }
      events.removeAll { $0.after <= passed }
      for event in due { event.action() }
    }
  }

  /// Three connections of java[100]; worker[200] shares the first.
  private func scene() -> Scene {
    let scene = Scene.connections(3)
    scene.tree.process(200, name: "worker", links: [7: "socket:[11]"])
    return scene
  }

  private func watch(
    _ plan: Plan, in scene: Scene, _ time: Time, isInterrupted: @escaping () -> Bool = { false }
  ) -> OwnerObserver {
    var watch = OwnerObserver(
      plan, in: scene.tree.files, clock: { time.now }, sleep: time.sleep,
      isInterrupted: isInterrupted)
    watch.begin()
    return watch
  }

  private func observe(
    _ watch: OwnerObserver, _ plan: Plan, in scene: Scene
  ) -> [OwnerReaction] {
    watch.observe(closed(plan)) { inodes, pruning in
      try? scene.tree.files.findOwners(of: inodes, among: pruning, reading: [], threads: 1)
    }
  }

  private func closed(_ plan: Plan) -> [OwnerObserver.Closed] {
    plan.closings.map {
      .init(inode: $0.connection.inode, owners: plan.snapshot.holders(of: $0.connection))
    }
  }

  @Test func doesNotReportAProgramThatClosesItsDescriptors() throws {
    let (scene, time) = (scene(), Time())
    let plan = try scene.plan()
    time.events = [
      (
        .milliseconds(10),
        {
          for number in 1...3 { scene.tree.unlink("100/fd/\(number)") }
          scene.tree.unlink("200/fd/7")
        }
      )
    ]
    #expect(observe(watch(plan, in: scene, time), plan, in: scene) == [])
    #expect(time.passed <= .milliseconds(50), "no longer than necessary")
  }

  @Test func countsDeadDescriptorsPerProcess() throws {
    let (scene, time) = (scene(), Time())
    let plan = try scene.plan()
    time.events = [(.milliseconds(50), { scene.tree.unlink("100/fd/2") })]
    let reactions = observe(watch(plan, in: scene, time), plan, in: scene)
    #expect(reactions.map(\.process.pid) == [100, 200])
    #expect(reactions.map(\.deadDescriptors) == [2, 1])
    #expect(!reactions.contains { $0.isSpinning })
    #expect(
      time.passed == OwnerObserver.firstLookAtLoad, "quiet owners are not observed any longer")
  }

  @Test func aDescriptorThatWasReusedIsNotHeldAnyMore() throws {
    let (scene, time) = (Scene.connections(1), Time())
    let plan = try scene.plan()
    time.events = [
      (
        .milliseconds(10),
        {
          scene.tree.unlink("100/fd/1")
          scene.tree.link("100/fd/1", to: "socket:[999]")
        }
      )
    ]
    #expect(observe(watch(plan, in: scene, time), plan, in: scene) == [])
  }

  @Test func countsDuplicatedDescriptors() throws {
    let (scene, time) = (Scene.connections(1), Time())
    let plan = try scene.plan()
    time.events = [(.milliseconds(10), { scene.tree.link("100/fd/50", to: "socket:[11]") })]
    #expect(observe(watch(plan, in: scene, time), plan, in: scene).map(\.deadDescriptors) == [2])
  }

  @Test func doesNotReportAnEndedProcess() throws {
    let (scene, time) = (scene(), Time())
    let plan = try scene.plan()
    time.events = [(.milliseconds(10), { scene.tree.deleteProcess(200) })]
    #expect(observe(watch(plan, in: scene, time), plan, in: scene).map(\.process.pid) == [100])
  }

  @Test func aReusedPidIsNotReported() throws {
    let (scene, time) = (scene(), Time())
    let plan = try scene.plan()
    time.events = [
      (
        .milliseconds(10),
        {
          scene.tree.deleteProcess(200)
          scene.tree.process(200, name: "worker", start: 5_000, links: [7: "socket:[11]"])
        }
      )
    ]
    #expect(observe(watch(plan, in: scene, time), plan, in: scene).map(\.process.pid) == [100])
  }

  @Test func unreadableDescriptorsAreUnknownNotZero() throws {
    let (scene, time) = (Scene.connections(1), Time())
    let plan = try scene.plan()
    let watch = watch(plan, in: scene, time)
    let reactions = watch.observe(closed(plan)) { _, _ in nil }
    #expect(reactions.map(\.deadDescriptors) == [nil])
    #expect(reactions.map(\.process.pid) == [100])
  }

  @Test func reportsASpinningProgramAfterASecond() throws {
    let (scene, time) = (scene(), Time())
    let plan = try scene.plan()
    // 55 % of a processor: 55 ticks of 10 ms in a second.
    time.events = (1...20).map { step in
      (.milliseconds(50 * step), { scene.tree.use(ticks: step * 55 / 20, in: 100) })
    }
    let reactions = observe(watch(plan, in: scene, time), plan, in: scene)
    #expect(reactions.map(\.isSpinning) == [true, false])
    let load = try #require(reactions.first?.load)
    #expect(abs(load.after - 0.55) < 0.02)
    #expect(load.before == 0)
    #expect(time.passed == .seconds(1))
  }

  @Test func aProgramThatWasBusyBeforeIsNotSpinning() throws {
    let (scene, time) = (scene(), Time())
    scene.tree.use(ticks: 1_000, in: 100)
    let plan = try scene.plan()
    var watch = OwnerObserver(
      plan, in: scene.tree.files, clock: { time.now }, sleep: time.sleep)
    // The question stands for ten seconds; the program uses 90 % of a processor, then and later.
    time.sleep(.seconds(10))
    scene.tree.use(ticks: 1_900, in: 100)
    watch.begin()
    time.events = (1...20).map { step in
      (
        .milliseconds(10_000 + 50 * step),
        { scene.tree.use(ticks: 1_900 + step * 90 / 20, in: 100) }
      )
    }
    let reactions = observe(watch, plan, in: scene)
    #expect(reactions.map(\.isSpinning) == [false, false])
    #expect(abs(try #require(reactions.first?.load).before - 0.9) < 0.01)
  }

  @Test func usesTheAverageLoadIfThereIsNoTimeToMeasure() throws {
    let (scene, time) = (Scene.connections(1), Time())
    // Started at tick 1000, 10 s after boot; 990 s ago. It has used 99 s: 10 %.
    scene.tree.use(ticks: 9_900, in: 100)
    let plan = try scene.plan()
    let reactions = observe(watch(plan, in: scene, time), plan, in: scene)
    #expect(abs(try #require(reactions.first?.load).before - 0.1) < 0.001)
  }

  @Test func anInterruptionEndsTheObservation() throws {
    let (scene, time) = (scene(), Time())
    let plan = try scene.plan()
    let watch = watch(plan, in: scene, time) { time.passed >= .milliseconds(20) }
    let reactions = observe(watch, plan, in: scene)
    #expect(time.passed <= .milliseconds(50))
    #expect(reactions.map(\.deadDescriptors) == [3, 1], "the last look counts")
  }

  @Test func doesNotWaitIfNothingWasClosed() throws {
    let (scene, time) = (scene(), Time())
    let plan = try scene.plan()
    let watch = watch(plan, in: scene, time)
    #expect(watch.observe([]) { _, _ in nil } == [])
    #expect(time.passed == .zero)
  }
}
