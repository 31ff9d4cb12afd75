import Connections
import Netlink
import SystemPackage
import TestSupport
import Testing

@testable import SocketDiagnostics

@Suite struct TCPDiagnosticsTests {
  @Test func dumpRequestContainsFamilyStatesAndDetails() throws {
    let transport = ScriptedTransport(WireBytes.done())
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    try diagnostics.dump(
      DumpRequest(
        family: .ipv6, states: TCPStateSet([.established, .closeWait]), details: .figures)
    ) { _ in }
    let request = try #require(transport.sent.first)
    #expect(request.count == 16 + 56)
    #expect(request.span.uint16(at: 4) == 20 && request.span.uint16(at: 6) == 0x301)
    #expect(Array(request[16..<20]) == [10, 6, 2, 0], "family, protocol, INFO, padding")
    #expect(request.span.uint32(at: 20) == 1 << 1 | 1 << 8)
  }

  @Test func detailsAreSeparateBits() {
    let request = DumpRequest(family: .ipv4, states: .all, details: [.figures, .congestion])
    #expect(request.payload[2] == 0b1010)
  }

  @Test func destroyRequestContainsTheDumpedIdentityAndCookie() throws {
    let socket = FakeSocket(cookie: 0x1122_3344_5566_7788, inode: 5) { $0.interface = 2 }
    let transport = ScriptedTransport(WireBytes.error(0))
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    try diagnostics.destroy(identity(socket))
    let request = try #require(transport.sent.first)
    #expect(request.span.uint16(at: 4) == 21 && request.span.uint16(at: 6) == 5)
    #expect(Array(request[24...]) == socket.identity)
    #expect(request.span.uint64(at: 64) == 0x1122_3344_5566_7788)
  }

  @Test func lookUpFindsTheSocketOrNothing() throws {
    let socket = FakeSocket(cookie: 7, inode: 5) { $0.info = .idle(42) }
    let kernel = FakeKernel([socket])
    var diagnostics = TCPDiagnostics(over: kernel.open(), uptime: nil)
    #expect(try diagnostics.lookUp(identity(socket))?.idle == 42)
    kernel.sockets = []
    #expect(try diagnostics.lookUp(identity(socket)) == nil)
  }

  @Test func lookUpIgnoresAnotherCookie() throws {
    let other = FakeSocket(cookie: 8, inode: 5)
    let transport = ScriptedTransport(WireBytes.message(type: 20, payload: other.row))
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    #expect(try diagnostics.lookUp(identity(FakeSocket(cookie: 7))) == nil)
  }

  @Test func refusedLookUpIsAnErrorNotAnAbsence() throws {
    let transport = ScriptedTransport(WireBytes.error(-1))
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    #expect(throws: NetlinkProblem.refused(.notPermitted)) {
      try diagnostics.lookUp(identity(FakeSocket(cookie: 7)))
    }
  }

  @Test(arguments: [
    (Int32(-2), DestroySupport.supported), (0, .supported), (-95, .missing), (-22, .missing),
  ])
  func probeDetectsDestroySupport(code: Int32, support: DestroySupport) throws {
    let transport = ScriptedTransport(WireBytes.error(code))
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    #expect(try diagnostics.destroySupport() == support)
    let request = try #require(transport.sent.first)
    #expect(request[24..<28].allSatisfy { $0 == 0 }, "no socket has both ports 0")
    #expect(![0, .max].contains(request.span.uint64(at: 64)), "the cookie is not a wildcard")
  }

  @Test func refusedProbeIsAnError() {
    let transport = ScriptedTransport(WireBytes.error(-1))
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    #expect(throws: NetlinkProblem.refused(.notPermitted)) { try diagnostics.destroySupport() }
  }

  @Test func runningKernelAnswersDumpsAndTheProbe() throws {
    var diagnostics = TCPDiagnostics(
      over: try KernelTransport(bus: TCPDiagnostics.bus), uptime: nil)
    for family in AddressFamily.allCases {
      try diagnostics.dump(DumpRequest(family: family, states: .all, details: .figures)) { row in
        #expect(row.identity.family == family)
      }
    }
    #expect(throws: Never.self) { try diagnostics.destroySupport() }
  }
}
