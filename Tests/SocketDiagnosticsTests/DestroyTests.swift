import Connections
import Glibc
import Netlink
import SystemPackage
import Testing

@testable import SocketDiagnostics

/// A listener and an accepted connection on loopback, held by this process.
private final class Pair {
  let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  let server: Int32

  init() {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    server = withUnsafeMutablePointer(to: &address) { [listener, client] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        precondition(bind(listener, pointer, length) == 0 && listen(listener, 5) == 0)
        precondition(getsockname(listener, pointer, &length) == 0)
        precondition(connect(client, pointer, length) == 0)
        return accept(listener, nil, nil)
      }
    }
  }

  deinit {
    for descriptor in [listener, client, server] { close(descriptor) }
  }

  static func cookie(of descriptor: Int32) -> UInt64 {
    var cookie: UInt64 = 0
    var length = socklen_t(MemoryLayout<UInt64>.size)
    precondition(getsockopt(descriptor, SOL_SOCKET, 57, &cookie, &length) == 0)
    return cookie
  }

  /// Whether a byte sent at one end arrives at the other.
  var isAlive: Bool {
    var byte: UInt8 = 7
    guard send(client, &byte, 1, Int32(MSG_NOSIGNAL)) == 1 else { return false }
    return recv(server, &byte, 1, Int32(MSG_DONTWAIT)) == 1
  }
}

/// The running kernel's handling of destroy requests. Each test creates its own sockets.
@Suite(.enabled(if: geteuid() == 0, "needs CAP_NET_ADMIN: run it as root"))
struct DestroyTests {
  private let pair = Pair()

  private func diagnostics() throws -> TCPDiagnostics {
    TCPDiagnostics(over: try KernelTransport(bus: TCPDiagnostics.bus), uptime: nil)
  }

  private func identity(of descriptor: Int32) throws -> SocketIdentity {
    let cookie = Pair.cookie(of: descriptor)
    var found: SocketIdentity?
    var diagnostics = try diagnostics()
    try diagnostics.dump(DumpRequest(family: .ipv4, states: .all, details: [])) { row in
      if row.cookie.rawValue == cookie { found = row.identity }
    }
    return try #require(found)
  }

  private func with(_ identity: SocketIdentity, cookie: UInt64) throws -> SocketIdentity {
    SocketIdentity(
      local: identity.local, peer: identity.peer, family: identity.family,
      interface: identity.interface, cookie: try #require(SocketCookie(rawValue: cookie)))
  }

  @Test func wrongCookieDestroysNothing() throws {
    let right = try identity(of: pair.server)
    let listening = try identity(of: pair.listener)
    for wrong in [right.cookie.rawValue + 1_000_000, listening.cookie.rawValue] {
      let aimed = try with(right, cookie: wrong)
      var diagnostics = try diagnostics()
      #expect(throws: NetlinkProblem.refused(.noSuchFileOrDirectory)) {
        try diagnostics.destroy(aimed)
      }
      #expect(try diagnostics.lookUp(aimed) == nil)
    }
    #expect(pair.isAlive)
    #expect(Pair.cookie(of: pair.listener) == listening.cookie.rawValue)
    #expect(try identity(of: pair.listener) == listening, "the listener is still listed")
  }

  @Test func rightCookieDestroysOnlyThatSocket() throws {
    let right = try identity(of: pair.server)
    let listening = try identity(of: pair.listener)
    var diagnostics = try diagnostics()
    #expect(try diagnostics.lookUp(right)?.state == .established)
    try diagnostics.destroy(right)
    #expect(try diagnostics.lookUp(right) == nil)
    var byte: UInt8 = 0
    #expect(recv(pair.server, &byte, 1, 0) == -1 && errno == ECONNABORTED)
    #expect(recv(pair.client, &byte, 1, 0) == -1 && errno == ECONNRESET)
    #expect(try identity(of: pair.listener) == listening)
    #expect(throws: NetlinkProblem.refused(.noSuchFileOrDirectory)) {
      try diagnostics.destroy(right)
    }
  }

  @Test func destroyingAVanishedConnectionSparesTheListener() throws {
    let right = try identity(of: pair.server)
    let listening = try identity(of: pair.listener)
    shutdown(pair.client, Int32(SHUT_RDWR))
    shutdown(pair.server, Int32(SHUT_RDWR))
    var diagnostics = try diagnostics()
    try? diagnostics.destroy(right)
    #expect(try identity(of: pair.listener) == listening)
  }

  @Test func lookUpMatchesTheDump() throws {
    let right = try identity(of: pair.client)
    var diagnostics = try diagnostics()
    let row = try #require(try diagnostics.lookUp(right))
    #expect(row.identity == right)
    #expect(row.tcp?.lastReceived != nil, "a look-up returns the figures")
  }
}
