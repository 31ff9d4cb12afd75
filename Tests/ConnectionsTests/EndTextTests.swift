import Testing

@testable import Connections

@Suite struct EndTextTests {
  private func connection(
    _ local: String, _ peer: String = "::", interface: UInt32 = 0, isV6Only: Bool? = nil
  ) throws -> Connection {
    let ends = try [local, peer].map { try #require(IPAddress(text: $0)) }
    let family = ends[0].family
    return Connection(
      identity: SocketIdentity(
        local: Endpoint(address: ends[0], port: 80),
        peer: Endpoint(address: IPAddress(bits: ends[1].bits, family: family), port: 443),
        family: family, interface: interface, cookie: try #require(SocketCookie(rawValue: 1))),
      state: .listen, inode: 1, userID: 0, receiveQueue: 0, sendQueue: 0,
      timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: TCPFigures(),
      isV6Only: isV6Only)
  }

  private func text(_ end: KernelCondition.End, _ connection: Connection) -> String {
    var text: [UInt8] = []
    connection.appendText(of: end, to: &text) { $0.append(contentsOf: "v1".utf8) }
    return String(decoding: text, as: UTF8.self)
  }

  @Test func wildcardsAreDistinct() throws {
    #expect(try text(.local, connection("0.0.0.0", "0.0.0.0")) == "0.0.0.0:80")
    #expect(try text(.local, connection("::", isV6Only: true)) == "[::]:80")
    #expect(try text(.local, connection("::", isV6Only: false)) == "*:80")
    #expect(try text(.local, connection("::")) == "*:80", "unknown to an older kernel")
  }

  @Test func boundSocketsShowTheirDevice() throws {
    #expect(
      try text(.local, connection("10.0.0.5", "10.0.0.9", interface: 2)) == "10.0.0.5%v1:80")
    #expect(try text(.local, connection("0.0.0.0", "0.0.0.0", interface: 2)) == "0.0.0.0%v1:80")
    #expect(try text(.local, connection("::", interface: 2, isV6Only: false)) == "*%v1:80")
    #expect(try text(.local, connection("::", interface: 2, isV6Only: true)) == "[::%v1]:80")
    #expect(try text(.peer, connection("10.0.0.5", "10.0.0.9", interface: 2)) == "10.0.0.9:443")
  }

  @Test func linkLocalAddressesShowTheirZoneAtBothEnds() throws {
    let connection = try connection("fe80::a", "fe80::b", interface: 2)
    #expect(text(.local, connection) == "[fe80::a%v1]:80")
    #expect(text(.peer, connection) == "[fe80::b%v1]:443")
    let global = try self.connection("2001:db8::a", "2001:db8::b", interface: 2)
    #expect(text(.peer, global) == "[2001:db8::b]:443")
  }

  @Test func mappedAddressesArePrintedAsIPv4() throws {
    let mapped = try connection("::ffff:10.0.0.5", "::ffff:10.0.0.9", interface: 2)
    #expect(text(.local, mapped) == "10.0.0.5%v1:80" && text(.peer, mapped) == "10.0.0.9:443")
    #expect(mapped.local.address.unmapped.family == .ipv4)
    #expect(try text(.local, connection("::ffff:0.0.0.0")) == "0.0.0.0:80")
  }

  @Test(arguments: [
    ("fe80::1", true), ("febf:ffff::1", true), ("fec0::1", false), ("fe7f::1", false),
    ("169.254.0.1", false), ("::1", false),
  ])
  func linkLocalAddressesAreRecognized(address: String, isLinkLocal: Bool) throws {
    #expect(try #require(IPAddress(text: address)).isLinkLocal == isLinkLocal)
  }
}
