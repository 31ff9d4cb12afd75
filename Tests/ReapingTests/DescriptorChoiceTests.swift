import Connections
import DescriptorActions
import Netlink
import PolicyEngine
import Reaping
import Scanning
import Selection
import SystemPackage
import TestSupport
import Testing

/// Methods that act through the descriptors of programs.
@Suite struct ClosingMethodTests {
  private let descriptors = FakeDescriptors()

  private static let change = KeepaliveChange(
    old: KeepaliveState(isOn: false, idle: 7200, interval: 75, count: 9, userTimeout: 0),
    new: KeepaliveState(isOn: true, idle: 60, interval: 10, count: 6, userTimeout: 0))

  private func outcomes(
    _ scene: Scene, _ method: ClosingMethod, _ plan: Plan? = nil,
    isStillSelected: @escaping (Plan.Step, Connection) -> Bool = { _, _ in true }
  ) throws -> [Outcome] {
    let plan = try plan ?? scene.plan(guards: Scene.guards(method: method))
    let reaper = Reaper(uptime: { nil }, through: descriptors) { scene.kernel.open() }
    return try reaper.carryOut(plan, isStillSelected: isStillSelected)
  }

  /// Lets every descriptor work: the socket gets `state`, or disappears if nil.
  private func work(on kernel: FakeKernel, leaving state: UInt8?) {
    descriptors.answer = { asked in
      guard let index = kernel.sockets.firstIndex(where: { $0.cookie == asked.cookie }) else {
        return .done
      }
      if let state { kernel.sockets[index].state = state } else { kernel.sockets.remove(at: index) }
      return .done
    }
  }

  @Test func abortUsesADescriptorNotTheKernel() throws {
    let scene = Scene.connections(2)
    work(on: scene.kernel, leaving: nil)
    #expect(try outcomes(scene, .abort).map(\.result) == [.closed, .closed])
    #expect(
      descriptors.asked == [
        .init(action: .abort, cookie: 1, pid: 100, number: 1),
        .init(action: .abort, cookie: 2, pid: 100, number: 2),
      ])
    #expect(scene.kernel.lookedUp == [1, 2, 1, 2], "each is read before and after")
    #expect(scene.kernel.destroyRequests == [])
  }

  @Test func aConnectionListedAfterAnAbortIsUnverified() throws {
    let scene = Scene.connections(1)
    #expect(try outcomes(scene, .abort).map(\.result) == [.unverified(.stillListed(.established))])
  }

  @Test(arguments: [
    (UInt8(4), TCPState.finWait1), (5, .finWait2), (11, .closing), (9, .lastAck), (6, .timeWait),
  ])
  func aShutDownConnectionWaitingForItsPeerIsClosed(number: UInt8, state: TCPState) throws {
    let scene = Scene.connections(1)
    work(on: scene.kernel, leaving: number)
    let outcome = try #require(try outcomes(scene, .shutdown).first)
    #expect(outcome.result == .closed)
    #expect(outcome.ending == state)
    #expect(outcome.reason == "FIN sent; in \(state.label) until the peer answers")
  }

  @Test func aConnectionGoneAfterAShutdownIsClosed() throws {
    let scene = Scene.connections(1)
    work(on: scene.kernel, leaving: nil)
    let outcome = try #require(try outcomes(scene, .shutdown).first)
    #expect(outcome.result == .closed)
    #expect(outcome.ending == nil)
    #expect(outcome.reason == nil)
  }

  @Test(arguments: [(UInt8(1), TCPState.established), (8, .closeWait)])
  func aShutdownWithoutEffectIsUnverified(number: UInt8, state: TCPState) throws {
    let scene = Scene.connections(1)
    work(on: scene.kernel, leaving: number)
    #expect(try outcomes(scene, .shutdown).map(\.result) == [.unverified(.stillListed(state))])
  }

  @Test func keepaliveClosesNothingAndReportsTheChange() throws {
    let scene = Scene.connections(1)
    descriptors.answer = { _ in .armed(Self.change) }
    let dumps = scene.kernel.dumps
    let outcome = try #require(try outcomes(scene, .keepalive(.standard)).first)
    #expect(outcome.result == .spared(.armed(Self.change)))
    #expect(
      outcome.reason
        == "keepalive armed, not closed: 60s + 6 × 10s, before off")
    #expect(scene.kernel.sockets.count == 1)
    #expect(descriptors.asked.map(\.action) == [.keepalive(.standard)])
    #expect(scene.kernel.dumps > dumps)
  }

  @Test func sparesConnectionsThatBecameActive() throws {
    let scene = Scene.connections(2)
    work(on: scene.kernel, leaving: nil)
    let results = try outcomes(scene, .shutdown) { _, now in now.cookie.rawValue != 1 }
    #expect(results.map(\.result) == [.spared(.changed(to: .established)), .closed])
    #expect(descriptors.asked.map(\.cookie) == [2])
  }

  @Test func aFailedLookupTouchesNothing() throws {
    let scene = Scene.connections(1)
    scene.kernel.failLookUp = { _ in .overrun }
    #expect(try outcomes(scene, .abort).map(\.result) == [.failed(.netlink(.overrun))])
    #expect(descriptors.asked == [])
  }

  @Test func anEndedConnectionIsGone() throws {
    let scene = Scene.connections(1)
    let plan = try scene.plan(guards: Scene.guards(method: .abort))
    scene.kernel.sockets = []
    #expect(try outcomes(scene, .abort, plan).map(\.result) == [.gone])
    #expect(descriptors.asked == [])
  }
}

/// A socket may have many descriptors, any of which works.
@Suite struct DescriptorChoiceTests {
  private let descriptors = FakeDescriptors()
  /// One connection that process 100 holds twice and process 200 once.
  private let scene: Scene

  init() {
    scene = Scene([FakeSocket(cookie: 1, inode: 11)])
    scene.tree.process(100, name: "java", links: [3: "socket:[11]", 4: "socket:[11]"])
    scene.tree.process(200, name: "worker", links: [5: "socket:[11]"])
  }

  private func result() throws -> Outcome.Result? {
    let plan = try scene.plan(guards: Scene.guards(method: .abort))
    let reaper = Reaper(uptime: { nil }, through: descriptors) { scene.kernel.open() }
    return try reaper.carryOut(plan) { _, _ in true }.first?.result
  }

  /// Fails with each of the problems in turn, and then works.
  private func fail(_ problems: [DescriptorProblem], thenWorks: Bool = true) {
    let kernel = scene.kernel
    descriptors.answer = { [unowned descriptors] (_) throws(DescriptorProblem) in
      let number = descriptors.asked.count
      if number <= problems.count { throw problems[number - 1] }
      if thenWorks { kernel.sockets = [] }
      return .done
    }
  }

  private var tried: [[Int32]] { descriptors.asked.map { [$0.pid, $0.number] } }

  private let gone = DescriptorProblem.processGone(pid: 100)

  @Test func usesOneDescriptor() throws {
    fail([])
    #expect(try result() == .closed)
    #expect(tried == [[100, 3]])
  }

  @Test func triesTheNextAfterAClosedDescriptor() throws {
    let third = SocketDescriptor(process: ProcessIdentity(pid: 100, startTicks: 1000), number: 3)
    fail([.descriptorGone(third), .otherSocket(third)])
    #expect(try result() == .closed)
    #expect(tried == [[100, 3], [100, 4], [200, 5]])
  }

  @Test func triesTheNextAfterAMissingPermission() throws {
    fail([.notPermitted(pid: 100), .notPermitted(pid: 100)])
    #expect(try result() == .closed)
    #expect(tried.last == [200, 5])
  }

  @Test func looksUpTheConnectionWithoutADescriptor() throws {
    fail([gone, gone, gone])
    #expect(try result() == .failed(.descriptor(gone)), "another process holds it")
    #expect(tried.count == 3)
  }

  @Test func anUnlistedConnectionWithoutADescriptorIsGone() throws {
    let kernel = scene.kernel
    descriptors.answer = { (_) throws(DescriptorProblem) in
      kernel.sockets = []
      throw .processGone(pid: 100)
    }
    #expect(try result() == .gone)
  }

  @Test func reportsAMissingPermissionFirst() throws {
    fail([.notPermitted(pid: 100), gone, gone])
    #expect(try result() == .failed(.descriptor(.notPermitted(pid: 100))))
  }

  @Test func triesAnUnsupportedCallOnce() throws {
    fail([.notSupported])
    #expect(try result() == .failed(.descriptor(.notSupported)))
    #expect(tried.count == 1)
  }

  @Test func doesNotRepeatAFailedAction() throws {
    fail([.failed(.connect, .invalidArgument)])
    #expect(try result() == .failed(.descriptor(.failed(.connect, .invalidArgument))))
    #expect(tried.count == 1, "they are all descriptors of the one socket")
  }

  @Test func passesOnTheStartTimeOfTheProcess() throws {
    var seen: ProcessIdentity?
    struct Watching: DescriptorAccess {
      let note: (SocketDescriptor) -> Void
      func perform(
        _ action: DescriptorAction, on identity: SocketIdentity, isMPTCPSubflow: Bool,
        through descriptor: SocketDescriptor
      ) throws(DescriptorProblem) -> DescriptorEffect {
        note(descriptor)
        return .done
      }
    }
    let watching = Watching { seen = $0.process }
    let plan = try scene.plan(guards: Scene.guards(method: .abort))
    let reaper = Reaper(uptime: { nil }, through: watching) { scene.kernel.open() }
    _ = try reaper.carryOut(plan) { _, _ in true }
    #expect(seen == ProcessIdentity(pid: 100, startTicks: 1000))
  }
}
