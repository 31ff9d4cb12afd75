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
}
