import Connections
import Netlink
import SystemPackage
import TestSupport
import Testing

@testable import SocketDiagnostics

/// Looking up or destroying several sockets at once.
@Suite struct LookUpTogetherTests {
  @Test func everySocketHasItsOwnResult() throws {
    let sockets = (1...5).map { number in
      FakeSocket(cookie: UInt64(number), inode: 5) { $0.info = .idle(UInt32(number)) }
    }
    let kernel = FakeKernel(sockets.filter { $0.cookie != 3 })
    kernel.refuseLookUp = { $1 == 4 ? 12 : nil }
    var diagnostics = TCPDiagnostics(over: kernel.open(), uptime: nil)
    let found = try diagnostics.lookUp(sockets.map(identity))
    #expect(try found.prefix(3).map { try $0.get()?.idle } == [1, 2, nil])
    #expect(found[3] == .failure(.refused(.noMemory)))
    #expect(try found[4].get()?.idle == 5)
    #expect(kernel.datagrams == 1)
  }

  @Test func answersWithAnotherCookieAreIgnored() throws {
    let (first, second) = (FakeSocket(cookie: 7, inode: 5), FakeSocket(cookie: 8, inode: 6))
    // The answers are swapped.
    let transport = ScriptedTransport(
      WireBytes.message(type: 20, sequence: 1, payload: second.row),
      WireBytes.message(type: 20, sequence: 2, payload: first.row))
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    let found = try diagnostics.lookUp([identity(first), identity(second)])
    #expect(found == [.success(nil), .success(nil)])
  }

  @Test func requestsAreTheSameAsForSingleLookUps() throws {
    let sockets = [
      FakeSocket(cookie: 7, inode: 5), FakeSocket(cookie: 8, inode: 6) { $0.interface = 3 },
    ]
    let alone = ScriptedTransport()
    var diagnostics = TCPDiagnostics(over: alone, uptime: nil)
    for socket in sockets { _ = try? diagnostics.lookUp(identity(socket)) }
    let together = ScriptedTransport()
    diagnostics = TCPDiagnostics(over: together, uptime: nil)
    _ = try? diagnostics.lookUp(sockets.map(identity))
    #expect(together.sent == [alone.sent.flatMap { $0 }])
  }

  @Test func destroyDatagramContainsOnlyDestroyRequests() throws {
    let socket = try identity(FakeSocket(cookie: 7, inode: 5))
    let transport = ScriptedTransport()
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    _ = try? diagnostics.destroy(socket)
    _ = try? diagnostics.lookUp(socket)
    _ = try? diagnostics.lookUp([socket, socket])
    _ = try? diagnostics.dump(DumpRequest(family: .ipv4, states: .all, details: [])) { _ in }
    let (destroy, lookUp) = (transport.sent[0], transport.sent[1])
    #expect(TCPDiagnostics.isRequestToDestroy(destroy))
    #expect(TCPDiagnostics.isRequestToDestroy(destroy + destroy))
    let others =
      transport.sent.dropFirst() + [
        destroy + lookUp, lookUp + destroy, destroy + destroy + lookUp, [],
        Array(destroy.prefix(15)),
        Array(destroy.prefix(70)), destroy + [0], destroy + Array(lookUp.prefix(16)),
      ]
    for other in others { #expect(!TCPDiagnostics.isRequestToDestroy(other)) }
  }

  @Test func transportPreparesOnceForSeveralDestroys() throws {
    let socket = try identity(FakeSocket(cookie: 7, inode: 5))
    let transport = PreparingTransport()
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    var done = 0
    diagnostics.destroyingSeveral { diagnostics in
      for _ in 0..<3 where (try? diagnostics.destroy(socket)) != nil { done += 1 }
    }
    try diagnostics.destroy(socket)
    #expect(done == 3)
    #expect(transport.log == "( s s s ) s ")
  }
}

/// Acknowledges everything and logs when it prepares for commands.
private final class PreparingTransport: NetlinkTransport {
  private(set) var log = ""
  private var sequence: UInt32 = 0

  func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    log += "s "
    sequence = datagram.span.uint32(at: 8)
  }

  func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    let bytes = WireBytes.error(0, sequence: sequence)
    buffer.replaceSubrange(..<bytes.count, with: bytes)
    return ReceivedDatagram(count: bytes.count)
  }

  func duringCommands(_ work: () -> Void) {
    log += "( "
    work()
    log += ") "
  }
}
