import Connections
import Netlink
import SocketDiagnostics
import SystemPackage
import TestSupport
import Testing

@testable import ConnreapCommands
@testable import LiveView
@testable import Operations
@testable import Presentation
@testable import Rendering
@testable import Reports

/// What the transport that raises CAP_NET_ADMIN lets through.
@Suite struct ClosingTransportTests {
  private static let lookUp = WireBytes.message(type: 20, flags: 1, payload: [2, 6, 0, 0])
  private static let destroy = WireBytes.message(type: 21, flags: 5, payload: [2, 6, 0, 0])

  private func closing(over script: ScriptedTransport) throws -> ClosingTransport {
    try ClosingTransport { () throws(NetlinkProblem) in script }
  }

  @Test func everythingIsSentOutsideOfCommands() throws {
    let script = ScriptedTransport()
    let transport = try closing(over: script)
    try transport.send(Self.lookUp)
    try transport.send(Self.destroy)
    transport.duringCommands {}
    try transport.send(Self.lookUp)
    #expect(script.sent == [Self.lookUp, Self.destroy, Self.lookUp])
  }

  @Test func duringCommandsNothingButDestroyingIsAskedFor() throws {
    let script = ScriptedTransport()
    let transport = try closing(over: script)
    transport.duringCommands {
      for other in [Self.lookUp, Self.destroy + Self.lookUp, Self.lookUp + Self.destroy, []] {
        #expect(throws: NetlinkProblem.cannotSend(.notPermitted)) { try transport.send(other) }
      }
      #expect(throws: Never.self) {
        try transport.send(Self.destroy)
        try transport.send(Self.destroy)
      }
    }
    #expect(script.sent == [Self.destroy, Self.destroy])
  }
}
