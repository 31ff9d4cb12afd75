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

/// The plan already spares what a method cannot close.
@Suite struct MethodGuardTests {
  private static let methods: [ClosingMethod] = [.shutdown, .abort, .keepalive(.standard)]

  private func reason(
    _ method: ClosingMethod, holder: Int32? = 100, unprotected: Set<String> = [],
    namedStates: TCPStateSet = .all, _ change: (inout FakeSocket) -> Void = { _ in }
  ) throws -> SpareReason? {
    let scene = Scene([FakeSocket(cookie: 1, inode: 11, change)])
    scene.tree.process(77, name: "bystander")
    if let holder { scene.tree.process(holder, name: "java", links: [3: "socket:[11]"]) }
    let snapshot = try scene.snapshot(.term(.states(.all)))
    let guards = Scene.guards(
      namedStates: namedStates, unprotected: unprotected, method: method)
    return guards.reasonToSpare(try #require(snapshot.connections.first), in: snapshot)
  }

  @Test(arguments: methods)
  func doesNotSpareAnOrdinaryConnection(method: ClosingMethod) throws {
    #expect(try reason(method) == nil)
    #expect(try reason(method) { $0.state = 8 } == nil)
  }

  @Test(arguments: methods)
  func anUnknownOwnerOutranksAMissingDescriptor(method: ClosingMethod) throws {
    for names: Set in [[], ["sshd"]] {
      #expect(try reason(method, holder: nil, unprotected: names) == .ownerUnknown)
      #expect(try reason(.destroy, holder: nil, unprotected: names) == .ownerUnknown)
    }
  }

  @Test(arguments: [UInt8(5), 6])
  func sparesConnectionsWithoutADescriptor(state: UInt8) throws {
    for method in Self.methods {
      let found = try reason(method, holder: nil) {
        $0.state = state
        $0.inode = 0
      }
      #expect(found == .noDescriptor)
    }
  }

  @Test(arguments: [
    (UInt8(4), TCPState.finWait1), (5, .finWait2), (9, .lastAck), (11, .closing),
  ])
  func sparesConnectionsThatAreShutDownAlready(number: UInt8, state: TCPState) throws {
    #expect(try reason(.shutdown) { $0.state = number } == .alreadyShutDown(state))
    #expect(try reason(.abort) { $0.state = number } == nil)
    #expect(try reason(.keepalive(.standard)) { $0.state = number } == nil)
  }

  @Test(arguments: [(UInt8(2), TCPState.synSent), (10, .listen)])
  func keepaliveNeedsAPeer(number: UInt8, state: TCPState) throws {
    #expect(try reason(.keepalive(.standard)) { $0.state = number } == .noPeerToProbe(state))
    #expect(try reason(.abort) { $0.state = number } == nil)
  }

  @Test func onlyShutdownClosesAnMPTCPConnection() throws {
    func subflow(_ method: ClosingMethod, state: UInt8 = 1) throws -> SpareReason? {
      try reason(method) {
        $0.state = state
        $0.attributes = WireBytes.attribute(19, WireBytes.attribute(1, Array("mptcp".utf8) + [0]))
      }
    }
    #expect(try subflow(.shutdown) == nil)
    #expect(try subflow(.shutdown, state: 10) == .mptcpSubflow)
    #expect(try subflow(.destroy) == .mptcpSubflow)
    #expect(try subflow(.abort) == .mptcpSubflow)
    #expect(try subflow(.keepalive(.standard)) == .mptcpSubflow)
  }

  @Test func anMPTCPSubflowIsClosedOnceItsConnectionEnds() throws {
    let scene = Scene.connections(1)
    scene.kernel.sockets[0].attributes = WireBytes.attribute(
      19, WireBytes.attribute(1, Array("mptcp".utf8) + [0]))
    let descriptors = FakeDescriptors()
    let reaper = Reaper(uptime: { nil }, through: descriptors) { scene.kernel.open() }
    let plan = try scene.plan(guards: Scene.guards(method: .shutdown))
    let outcome = try #require(try reaper.carryOut(plan) { _, _ in true }.first)
    #expect(descriptors.asked.map(\.isMPTCPSubflow) == [true])
    #expect(outcome.result == .closed)
    #expect(outcome.reason?.contains("MPTCP") == true)
  }

  @Test func methodsHaveTheDocumentedNames() {
    #expect(ClosingMethod.names == ["destroy", "shutdown", "abort", "keepalive"])
    #expect(ClosingMethod.names.compactMap { ClosingMethod(name: $0)?.name } == ClosingMethod.names)
    #expect(ClosingMethod(name: "Destroy") == nil)
    #expect(
      ClosingMethod.names.map { ClosingMethod(name: $0)?.closes } == [true, true, true, false])
  }
}
