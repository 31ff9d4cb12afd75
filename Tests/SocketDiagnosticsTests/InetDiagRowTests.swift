import Connections
import Netlink
import TestSupport
import Testing

@testable import SocketDiagnostics

@Suite struct InetDiagRowTests {
  private let cookie = SocketCookie(rawValue: 0x2a_6d76)

  private func decode(
    _ row: [UInt8], uptime: UInt64? = 1 << 40
  ) throws(NetlinkProblem) -> Connection {
    try InetDiagRow(uptime: uptime).decode(row.span, 0..<row.count)
  }

  @Test func fieldsAreReadAtTheKernelsOffsets() throws {
    let socket = FakeSocket(cookie: 0x2a_6d76, inode: 6319) {
      $0.state = 8
      $0.local = [10, 0, 0, 5]
      $0.peer = [10, 0, 0, 9]
      $0.localPort = 8080
      $0.peerPort = 51690
      $0.interface = 3
      $0.userID = 1000
      $0.receiveQueue = 1
      $0.sendQueue = 20
      $0.timer = 2
      $0.retransmits = 4
      $0.expires = 29_000
      $0.info?.lastDataSent = 6892
      $0.info?.lastDataReceived = 6893
      $0.info?.lastAckReceived = 5820
      $0.info?.unacked = 5
      $0.info?.totalRetransmits = 7
      $0.info?.bytesAcked = 1 << 40
      $0.info?.bytesReceived = 2
      $0.attributes =
        WireBytes.attribute(4, Array("bbr\0".utf8))
        + WireBytes.attribute(15, [7, 0, 0, 0])
        + WireBytes.attribute(21, [1, 0, 0, 0, 2, 0, 0, 0])
    }
    let row = try decode(socket.row)
    #expect(row.cookie == cookie)
    #expect(row.state == .closeWait)
    #expect(row.identity.family == .ipv4)
    #expect("\(row.local) \(row.peer)" == "10.0.0.5:8080 10.0.0.9:51690")
    #expect(row.identity.interface == 3)
    #expect(row.inode == 6319 && row.userID == 1000)
    #expect(row.receiveQueue == 1 && row.sendQueue == 20)
    #expect(row.timer == ConnectionTimer(kind: .keepalive, expires: 29_000, retransmits: 4))
    let tcp = try #require(row.tcp)
    #expect(tcp.lastSent == 6892 && tcp.lastReceived == 6893 && tcp.lastAcknowledged == 5820)
    #expect(tcp.unacknowledged == 5 && tcp.totalRetransmits == 7)
    #expect(tcp.roundTripMicroseconds == 34 && tcp.congestionWindow == 10)
    #expect(tcp.bytesAcknowledged == 1 << 40 && tcp.bytesReceived == 2)
    #expect(tcp.congestion?.description == "bbr")
    #expect(row.mark == 7 && row.cgroupID == 0x2_0000_0001)
  }

  @Test(arguments: [
    (UInt8(0), ConnectionTimer.Kind.off), (1, .retransmit), (2, .keepalive), (3, .timeWait),
    (4, .zeroWindowProbe), (5, .delayedAcknowledgement), (6, .unknown), (200, .unknown),
    (255, .unknown),
  ])
  func timersHaveTheirKindsAndUnknownOnesAreNotOff(number: UInt8, kind: ConnectionTimer.Kind) throws
  {
    let row = try decode(FakeSocket(cookie: 1, inode: 1) { $0.timer = number }.row)
    #expect(row.timer.kind == kind)
  }

  @Test(arguments: [(nil, nil), (UInt8(0), false), (1, true)] as [(UInt8?, Bool?)])
  func ipv6OnlyIsUnknownUnlessReported(value: UInt8?, isV6Only: Bool?) throws {
    let row = try decode(
      FakeSocket(cookie: 1, inode: 1) {
        $0.family = 10
        $0.state = 10
        $0.local = [UInt8](repeating: 0, count: 16)
        $0.peer = [UInt8](repeating: 0, count: 16)
        if let value { $0.attributes = WireBytes.attribute(11, [value]) }
      }.row)
    #expect(row.isV6Only == isV6Only)
  }

  @Test func timerNamesAreUnique() {
    let names = ConnectionTimer.Kind.allCases.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(ConnectionTimer.Kind.delayedAcknowledgement.name == "delayed-ack")
  }

  @Test func ipv6AddressesAreReadInFull() throws {
    let row = try decode(
      FakeSocket(cookie: 1, inode: 1) {
        $0.family = 10
        $0.local = [0x20, 1, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [1]
        $0.peer = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 10, 0, 0, 9]
      }.row)
    #expect("\(row.local)" == "[2001:db8::1]:8080")
    #expect("\(row.peer)" == "10.0.0.9:40000")
    #expect(row.peer.address.isV4OrMapped)
  }

  @Test func identityRoundTrips() throws {
    var random = Seeded(3)
    for _ in 0..<2000 {
      let socket = FakeSocket(cookie: UInt64.random(in: 1..<(.max), using: &random), inode: 1) {
        $0.family = Bool.random(using: &random) ? 2 : 10
        $0.local = random.bytes($0.family == 2 ? 4 : 16)
        $0.peer = random.bytes($0.family == 2 ? 4 : 16)
        $0.localPort = UInt16.random(in: .min ... .max, using: &random)
        $0.peerPort = UInt16.random(in: .min ... .max, using: &random)
        $0.interface = UInt32.random(in: .min ... .max, using: &random)
      }
      var bytes: [UInt8] = []
      SocketIDCodec.append(try decode(socket.row).identity, to: &bytes)
      #expect(bytes == socket.identity)
    }
  }

  @Test(arguments: [0, UInt64.max])
  func rowWithoutACookieIsMalformed(cookie: UInt64) {
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(.impossibleValue(cookie), at: 44))
    ) { try decode(FakeSocket(cookie: cookie).row) }
  }

  @Test(arguments: [0, 1, 71])
  func shortRowIsMalformed(count: Int) {
    let row = Array(FakeSocket(cookie: 1).row.prefix(count))
    #expect(
      throws: NetlinkProblem.malformed(
        MalformedDatagram(.shortPayload(needed: 72, left: count), at: 0))
    ) { try decode(row) }
  }

  @Test func impossibleFamilyOrStateIsMalformed() {
    var row = FakeSocket(cookie: 1).row
    row[0] = 3
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(.impossibleValue(3), at: 0))
    ) { try decode(row) }
    row[0] = 2
    row[1] = 14
    #expect(
      throws: NetlinkProblem.malformed(MalformedDatagram(.impossibleValue(14), at: 1))
    ) { try decode(row) }
  }

  @Test func overrunningAttributeIsMalformed() {
    var row = FakeSocket(cookie: 1).row
    row[72] = 0xff
    #expect {
      try decode(row)
    } throws: { error in
      guard case .malformed(let fault) = error as? NetlinkProblem else { return false }
      return fault.offset == 72
    }
  }

  @Test func unknownAttributesAreSkipped() throws {
    let row = try decode(
      FakeSocket(cookie: 1, inode: 1) {
        $0.attributes =
          WireBytes.attribute(8, [0]) + WireBytes.attribute(22, [1, 2])
          + WireBytes.attribute(999, [])
          + WireBytes.attribute(15, [9, 0, 0, 0])
      }.row)
    #expect(row.mark == 9)
  }

  @Test func attributesTooShortForTheirValueAreUnknown() throws {
    let row = try decode(
      FakeSocket(cookie: 1, inode: 1) {
        $0.attributes =
          WireBytes.attribute(15, [9, 0]) + WireBytes.attribute(21, [1, 2, 3, 4])
          + WireBytes.attribute(4, [])
      }.row)
    #expect(row.mark == nil && row.cgroupID == nil && row.tcp?.congestion == nil)
  }

  @Test func ulpIdentifiesMPTCPSubflows() throws {
    func isSubflow(_ name: String) throws -> Bool {
      let nested = WireBytes.attribute(1, Array(name.utf8) + [0])
      return try decode(
        FakeSocket(cookie: 1, inode: 1) {
          $0.attributes = WireBytes.attribute(19, nested)
        }.row
      ).isMPTCPSubflow
    }
    #expect(try isSubflow("mptcp"))
    #expect(try !isSubflow("tls"))
    #expect(try !isSubflow(""))
  }
}

@Suite struct TCPInfoTests {
  private func figures(
    length: Int = 280, uptime: UInt64? = 1 << 40,
    _ change: (inout FakeSocket.Info) -> Void = { _ in }
  ) throws -> TCPFigures? {
    let row = FakeSocket(cookie: 1, inode: 1) {
      $0.info?.length = length
      if var info = $0.info {
        change(&info)
        $0.info = info
      }
    }.row
    return try InetDiagRow(uptime: uptime).decode(row.span, 0..<row.count).tcp
  }

  @Test func fieldBeyondTheEndIsUnknownNotZero() throws {
    #expect(try figures(length: 0) == nil)
    let old = try #require(try figures(length: 104))
    #expect(old.totalRetransmits == 0 && old.lastSent == 0)
    #expect(old.bytesAcknowledged == nil && old.bytesReceived == nil)
    let cut = try #require(try figures(length: 47))
    #expect(cut.unacknowledged == 0, "whole words before the cut are known")
    #expect(cut.lastSent == nil && cut.lastReceived == nil)
  }

  @Test(arguments: [232, 248, 280, 1024])
  func allKernelLengthsAreRead(length: Int) throws {
    let row = FakeSocket(cookie: 1, inode: 1) {
      $0.info = nil
      var info = FakeSocket.Info()
      info.length = 280
      info.lastDataReceived = 77
      info.bytesReceived = 88
      let bytes = (info.bytes + [UInt8](repeating: 0xee, count: 1024)).prefix(length)
      $0.attributes = WireBytes.attribute(2, Array(bytes))
    }.row
    let tcp = try InetDiagRow(uptime: nil).decode(row.span, 0..<row.count).tcp
    #expect(tcp?.lastReceived == 77 && tcp?.bytesReceived == 88)
  }

  @Test func timeJustBelowTheWrapIsZero() throws {
    #expect(try figures { $0.lastDataSent = .max }?.lastSent == 0)
    #expect(try figures { $0.lastDataSent = .max - 999 }?.lastSent == 0)
  }

  @Test func timeAboveTheUptimeIsUnknown() throws {
    // As in SYN-SENT: jiffies since the clock started, not since an event.
    #expect(try figures(uptime: 500_000) { $0.lastDataSent = 917_584 }?.lastSent == nil)
    #expect(try figures(uptime: 917_584) { $0.lastDataSent = 917_584 }?.lastSent == 917_584)
    #expect(try figures(uptime: nil) { $0.lastDataSent = 917_584 }?.lastSent == 917_584)
  }
}
