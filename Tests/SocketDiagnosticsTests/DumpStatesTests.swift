import Connections
import Netlink
import SystemPackage
import TestSupport
import Testing

@testable import SocketDiagnostics

@Suite struct DumpStatesTests {
  private func states(
    of transport: any NetlinkTransport, bytecode: InetDiagBytecode? = nil
  ) throws -> [TCPState] {
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    var states: [TCPState] = []
    try diagnostics.dumpStates(
      DumpRequest(family: .ipv4, states: .all, details: [], bytecode: bytecode)
    ) { states.append($1) }
    return states
  }

  @Test func statesComeInTheOrderOfTheDump() throws {
    let kernel = FakeKernel(
      (1...11).reversed().map { state in
        FakeSocket(cookie: UInt64(state), inode: 1) { $0.state = state }
      })
    #expect(try states(of: kernel.open()).map(\.rawValue) == Array((1...11).reversed()))
    #expect(kernel.dumpRequests.map(\.details) == [0], "tcp_info is not requested")
  }

  @Test func countingReadsOnlyFamilyAndState() throws {
    // The cookie is impossible, and the attribute overruns.
    let socket = FakeSocket(cookie: .max, inode: 1) {
      $0.state = 8
      $0.info = nil
      $0.attributes = [0xff, 0xff, 2, 0]
    }
    let transport = ScriptedTransport(
      WireBytes.message(type: 20, payload: socket.row), WireBytes.done())
    #expect(try states(of: transport) == [.closeWait])
  }

  @Test(arguments: [0, 71]) func shortRowIsAnError(length: Int) {
    let row = Array(FakeSocket(cookie: 1).row[..<length])
    let transport = ScriptedTransport(
      WireBytes.message(type: 20, payload: row), WireBytes.done())
    #expect(
      throws: NetlinkProblem.malformed(
        MalformedDatagram(.shortPayload(needed: 72, left: length), at: 16))
    ) { try states(of: transport) }
  }

  @Test(arguments: [0, 14, 255] as [UInt8]) func unknownStateIsAnError(state: UInt8) {
    let socket = FakeSocket(cookie: 1, inode: 1) { $0.state = state }
    let transport = ScriptedTransport(
      WireBytes.message(type: 20, payload: socket.row), WireBytes.done())
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(.impossibleValue(UInt64(state)), at: 17))
    ) { try states(of: transport) }
  }

  @Test func oldKernelGetsAWeakerProgram() throws {
    let kernel = FakeKernel([FakeSocket(cookie: 1)])
    kernel.newestCode = 8
    let program = InetDiagBytecode(.port(.local, 8080...8080))
    #expect(try states(of: kernel.open(), bytecode: program) == [.established])
    #expect(kernel.dumps > 1)
  }

  @Test(arguments: [
    (TCPStateSet.all, TCPState.closed), (TCPState.boundInactive.asSet, .boundInactive),
    (TCPStateSet.all.union(TCPState.boundInactive.asSet), .boundInactive),
  ])
  func closedSocketIsBoundInactiveIfRequested(asked: TCPStateSet, state: TCPState) throws {
    let row = FakeSocket(cookie: 1, inode: 1) { $0.state = 13 }.row
    #expect(row[1] == 7, "as the kernel lists it")
    func transport() -> ScriptedTransport {
      ScriptedTransport(WireBytes.message(type: 20, payload: row), WireBytes.done())
    }
    let request = DumpRequest(family: .ipv4, states: asked, details: [])
    var (counted, listed): ([TCPState], [TCPState]) = ([], [])
    var counting = TCPDiagnostics(over: transport(), uptime: nil)
    try counting.dumpStates(request) { counted.append($1) }
    var listing = TCPDiagnostics(over: transport(), uptime: nil)
    try listing.dump(request) { listed.append($0.state) }
    #expect(counted == [state] && listed == [state])
  }

  @Test func dumpThatEndsInAnErrorFails() {
    let transport = ScriptedTransport(
      WireBytes.message(type: 20, payload: FakeSocket(cookie: 1).row), WireBytes.done(-2))
    #expect(throws: NetlinkProblem.refused(.noSuchFileOrDirectory)) { try states(of: transport) }
  }
}
