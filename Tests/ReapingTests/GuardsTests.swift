import Connections
import ProcessTable
import Reaping
import Scanning
import Selection
import TestSupport
import Testing

@Suite struct GuardsTests {
  private let everyState = SelectionPredicate.term(.states(.all))

  /// Why the only connection of `scene` is spared.
  private func reason(_ scene: Scene, _ guards: Guards = Scene.guards()) throws -> SpareReason? {
    let snapshot = try scene.snapshot(everyState)
    return guards.reasonToSpare(try #require(snapshot.connections.first), in: snapshot)
  }

  private func scene(
    holder pid: Int32? = 100, name: String = "java", _ change: (inout FakeSocket) -> Void = { _ in }
  ) -> Scene {
    let scene = Scene([FakeSocket(cookie: 1, inode: 11, change)])
    scene.tree.process(77, name: "bystander")
    if let pid { scene.tree.process(pid, name: name, links: [3: "socket:[11]"]) }
    return scene
  }

  private func caller(
    pid: Int32 = 9000, ancestors: [Int32] = [], session: String? = nil
  ) -> Caller {
    Caller(
      process: ProcessIdentity(pid: pid, startTicks: nil),
      ancestors: ancestors.map { ProcessIdentity(pid: $0, startTicks: nil) },
      sessions: session.flatMap { Caller.Session(sshConnection: $0) }.map { [$0] } ?? [])
  }

  @Test func elevatedUsersCloseOnlyTheirOwnConnections() throws {
    // The sockets and processes of a scene belong to user 1000.
    let (own, other) = (Scene.guards(onlyUser: 1000), Scene.guards(onlyUser: 1001))
    #expect(try reason(scene(), own) == nil)
    #expect(try reason(scene(), other) == .ofOtherUser)
    #expect(try reason(scene { $0.userID = 0 }, own) == .ofOtherUser, "root made the socket")
    #expect(try reason(scene(holder: nil), own) == .ofOtherUser, "no known holder")
    let shared = scene()
    shared.tree.process(101, name: "server", userID: 0, links: [4: "socket:[11]"])
    #expect(try reason(shared, own) == .ofOtherUser, "root holds it too")
    let mini = scene(holder: nil) {
      $0.state = 6
      $0.inode = 0
    }
    let named = Scene.guards(namedStates: TCPState.timeWait.asSet, onlyUser: 0)
    #expect(try reason(mini, named) == .ofOtherUser, "uid 0 of a minisocket does not mean root")
  }

  @Test func doesNotSpareAnOrdinaryConnection() throws {
    #expect(try reason(scene()) == nil)
  }

  @Test func sparesAListenerUnlessNamed() throws {
    let listener = scene { $0.state = 10 }
    #expect(try reason(listener) == .listener)
    #expect(try reason(listener, Scene.guards(namedStates: TCPState.listen.asSet)) == nil)
  }

  @Test func alwaysSparesABoundSocket() throws {
    let bound = scene { $0.state = 13 }
    let named = TCPState.boundInactive.asSet
    let snapshot = try bound.snapshot(.term(.states(named)))
    let row = try #require(snapshot.connections.first)
    #expect(row.state == .boundInactive)
    #expect(Scene.guards(namedStates: named).reasonToSpare(row, in: snapshot) == .notConnected)
  }

  @Test(arguments: [(UInt8(3), TCPState.synReceived), (6, .timeWait)])
  func sparesAMinisocketUnlessNamed(number: UInt8, state: TCPState) throws {
    let mini = scene(holder: nil) {
      $0.state = number
      $0.inode = 0
    }
    #expect(try reason(mini) == .minisocket)
    #expect(try reason(mini, Scene.guards(namedStates: state.asSet)) == nil)
    #expect(try reason(mini, Scene.guards(namedStates: TCPState.established.asSet)) == .minisocket)
  }

  @Test func sparesAnOrphanUnlessNamed() throws {
    let orphan = scene(holder: nil) {
      $0.state = 5
      $0.inode = 0
    }
    #expect(try reason(orphan) == .orphan)
    #expect(try reason(orphan, Scene.guards(namedStates: TCPState.finWait2.asSet)) == nil)
  }

  @Test func alwaysSparesUnacceptedConnections() throws {
    let waiting = scene(holder: nil) { $0.inode = 0 }
    #expect(try reason(waiting) == .inAcceptQueue)
    #expect(
      try reason(waiting, Scene.guards(namedStates: .all, unprotected: ["sshd"])) == .inAcceptQueue)
  }

  @Test(arguments: [[], ["sshd"], ["dropbear"], Guards.protectedByDefault])
  func alwaysSparesUnknownOwners(names: Set<String>) throws {
    #expect(try reason(scene(holder: nil), Scene.guards(unprotected: names)) == .ownerUnknown)
  }

  @Test func sparesOwnersWithoutAName() throws {
    let nameless = scene()
    nameless.tree.file("100/stat", "")
    #expect(try reason(nameless) == .ownerUnknown)
    #expect(try reason(nameless, Scene.guards(unprotected: ["sshd"])) == .ownerUnknown)
    let shared = scene()
    shared.tree.process(200, name: "java", links: [4: "socket:[11]"])
    shared.tree.file("200/stat", "")
    #expect(try reason(shared) == .ownerUnknown, "one of two owners has no known name")
  }

  @Test func sparesConnectionsOfPossiblyHiddenOwners() throws {
    let hidden = scene()
    hidden.tree.link("self/ns/pid", to: "pid:[4026532201]")
    #expect(try reason(hidden) == .ownerHidden(.pidNamespace))
    #expect(
      try reason(hidden, Scene.guards(unprotected: Guards.protectedByDefault))
        == .ownerHidden(.pidNamespace))
    let protected = scene(name: "sshd")
    protected.tree.link("self/ns/pid", to: "pid:[4026532201]")
    #expect(try reason(protected) == .protectedName("sshd", pid: 100), "known owners come first")
    let orphan = scene(holder: nil) {
      $0.state = 5
      $0.inode = 0
    }
    orphan.tree.link("self/ns/pid", to: "pid:[4026532201]")
    #expect(try reason(orphan, Scene.guards(namedStates: TCPState.finWait2.asSet)) == nil)
  }

  @Test func sparesAnMPTCPSubflow() throws {
    let subflow = scene {
      $0.attributes = WireBytes.attribute(
        19, WireBytes.attribute(1, Array("mptcp".utf8) + [0]))
    }
    #expect(try reason(subflow) == .mptcpSubflow)
  }

  @Test func sparesOwnAndAncestorsSockets() throws {
    #expect(try reason(scene(), Scene.guards(caller: caller(pid: 100))) == .ownProcess)
    #expect(
      try reason(scene(), Scene.guards(caller: caller(ancestors: [5, 100])))
        == .ancestor(pid: 100))
    #expect(try reason(scene(), Scene.guards(caller: caller(ancestors: [5, 101]))) == nil)
  }

  @Test func sparesTheInitOfTheMachineOnly() throws {
    let ofInit = scene(holder: 1, name: "systemd")
    #expect(try reason(ofInit) == .machineInit)
    #expect(try reason(ofInit, Scene.guards(machineInit: nil)) == nil)
  }

  @Test(arguments: ["sshd", "sshd-session", "sshd-auth"])
  func sparesSSHUnlessUnprotected(name: String) throws {
    let ssh = scene(name: name)
    #expect(try reason(ssh) == .protectedName(name, pid: 100))
    #expect(try reason(ssh, Scene.guards(unprotected: ["sshd"])) == nil)
    #expect(
      try reason(ssh, Scene.guards(unprotected: ["dropbear"])) == .protectedName(name, pid: 100))
  }

  @Test func sparesDropbearUnlessUnprotected() throws {
    let dropbear = scene(name: "dropbear")
    #expect(try reason(dropbear) == .protectedName("dropbear", pid: 100))
    #expect(
      try reason(dropbear, Scene.guards(unprotected: ["sshd"]))
        == .protectedName("dropbear", pid: 100))
    #expect(try reason(dropbear, Scene.guards(unprotected: ["dropbear"])) == nil)
  }

  @Test func sparesASharedSocketOfAProtectedOwner() throws {
    let shared = scene(holder: 100, name: "worker")
    shared.tree.process(200, name: "sshd", links: [4: "socket:[11]"])
    #expect(try reason(shared) == .protectedName("sshd", pid: 200))
  }

  @Test(arguments: [
    "127.0.0.1 40000 127.0.0.1 8080", "127.0.0.1 8080 127.0.0.1 40000",
  ])
  func sparesBothEndsOfTheSession(variable: String) throws {
    #expect(try reason(scene(), Scene.guards(caller: caller(session: variable))) == .callersSession)
  }

  @Test(arguments: [
    "127.0.0.1 40001 127.0.0.1 8080", "127.0.0.2 40000 127.0.0.1 8080", "", "garbage",
    "127.0.0.1 40000 127.0.0.1", "127.0.0.1 x 127.0.0.1 8080",
  ])
  func doesNotSpareOtherSessions(variable: String) throws {
    #expect(try reason(scene(), Scene.guards(caller: caller(session: variable))) == nil)
  }

  @Test func findsTheSessionBehindAMappedAddress() throws {
    let mapped = scene {
      $0.family = 10
      $0.local = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 10, 0, 0, 5]
      $0.peer = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 10, 0, 0, 9]
    }
    let session = caller(session: "10.0.0.9 40000 10.0.0.5 8080")
    #expect(try reason(mapped, Scene.guards(caller: session)) == .callersSession)
  }

  @Test func describesReasons() {
    let reasons: [SpareReason] = [
      .listener, .minisocket, .orphan, .inAcceptQueue, .mptcpSubflow, .ownProcess,
      .ancestor(pid: 7), .callersSession, .machineInit, .protectedName("sshd", pid: 7),
      .ownerUnknown, .protectedByPolicy("port: 22"), .changed(to: .timeWait), .ofOtherUser,
      .noDescriptor, .alreadyShutDown(.finWait2), .noPeerToProbe(.listen), .ended,
      .ownerHidden(.pidNamespace), .ownerHidden(.hidepid("invisible")),
    ]
    #expect(Set(reasons.map(\.description)).count == reasons.count)
    #expect(SpareReason.listener.description == "a listener; close it with --state listen")
  }
}

@Suite struct CallerTests {
  private let tree = ProcTree()

  private func caller(_ own: String? = nil) throws -> Caller {
    try Caller(pid: 30, sshConnection: own, in: tree.files)
  }

  private func shell(_ pid: Int32, parent: Int32, _ environment: String? = nil) {
    tree.process(pid, name: "bash", parent: parent)
    if let environment { tree.file("\(pid)/environ", environment) }
  }

  @Test func findsTheSessionBehindSudo() throws {
    shell(10, parent: 0)
    shell(20, parent: 10, "TERM=xterm\0SSH_CONNECTION=10.0.0.9 40000 10.0.0.5 22\0HOME=/\0")
    shell(30, parent: 20, "HOME=/\0")
    let client = Endpoint(address: IPAddress(v4: 0x0a00_0009), port: 40000)
    #expect(try caller().sessions.map(\.client) == [client])
    #expect(try caller().ancestors.map(\.pid) == [20, 10])
  }

  @Test func collectsTheSessionsOfAncestorsOnce() throws {
    shell(10, parent: 0, "SSH_CONNECTION=10.0.0.9 1 10.0.0.5 22\0")
    shell(20, parent: 10, "SSH_CONNECTION=10.0.0.9 2 10.0.0.5 22\0")
    shell(30, parent: 20)
    #expect(try caller("10.0.0.9 2 10.0.0.5 22").sessions.map(\.client.port) == [2, 1])
  }

  @Test func skipsUnreadableEnvironments() throws {
    shell(10, parent: 0, "XSSH_CONNECTION=10.0.0.9 1 10.0.0.5 22\0SSH_CONNECTION=?\0")
    shell(20, parent: 10)
    shell(30, parent: 20)
    #expect(try caller().sessions == [])
  }
}

@Suite struct PlanTests {
  @Test func sortsStepsByIdleTimeUnknownLast() throws {
    let scene = Scene([
      FakeSocket(cookie: 1, inode: 11) { $0.info = .idle(10) },
      FakeSocket(cookie: 2, inode: 12) { $0.info = nil },
      FakeSocket(cookie: 3, inode: 13) { $0.info = .idle(500) },
      FakeSocket(cookie: 5, inode: 15) { $0.info = .idle(10) },
      FakeSocket(cookie: 4, inode: 14) { $0.info = .idle(10) },
    ])
    scene.tree.process(100, name: "java")
    let order = try scene.plan().steps.map(\.connection.cookie.rawValue)
    #expect(order == [3, 1, 4, 5, 2], "equally idle ones by cookie")
  }

  @Test func sparedStepsAreNotClosings() throws {
    let scene = Scene.connections(2)
    scene.kernel.sockets.append(FakeSocket(cookie: 9, inode: 0))
    let plan = try scene.plan()
    #expect(plan.steps.count == 3)
    #expect(plan.closings.map(\.connection.cookie.rawValue) == [1, 2])
    #expect(plan.sparingOutcomes.map(\.result) == [.spared(.inAcceptQueue)])
  }
}
