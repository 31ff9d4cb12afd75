import Connections
import Testing

@testable import Presentation
@testable import Rendering

/// What connections lead to, in few words.
@Suite struct EndTallyTests {
  private func connection(
    to peer: String, _ peerPort: UInt16 = 5432, from localPort: UInt16 = 40_000,
    state: TCPState = .closeWait, interface: UInt32 = 0
  ) throws -> Connection {
    let address = try #require(IPAddress(text: peer))
    let local = try #require(IPAddress(text: address.family == .ipv4 ? "10.0.0.5" : "fe80::5"))
    return Connection(
      identity: SocketIdentity(
        local: Endpoint(address: local, port: localPort),
        peer: Endpoint(address: address, port: peerPort), family: address.family,
        interface: interface, cookie: try #require(SocketCookie(rawValue: 1))),
      state: state, inode: 7, userID: 0, receiveQueue: 0, sendQueue: 0,
      timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: TCPFigures())
  }

  private func tally(_ ends: [(peer: String, count: Int)]) throws -> EndTally {
    var tally = EndTally()
    for (peer, count) in ends {
      for _ in 0..<count { tally.add(try connection(to: peer), isAccepted: false) }
    }
    return tally
  }

  @Test func aSinglePeerNeedsNoCount() throws {
    #expect(try tally([("10.0.0.1", 3)]).text(in: nil) == "→ 10.0.0.1:5432")
  }

  @Test func peersAreSortedByCountThenByAddress() throws {
    let tally = try tally([("10.0.0.3", 2), ("10.0.0.1", 1), ("10.0.0.2", 2)])
    #expect(
      tally.text(in: nil) == "→ 10.0.0.2:5432 (2), 10.0.0.3:5432 (2), 10.0.0.1:5432 (1)")
  }

  @Test func atMostThreeEndsAreListed() throws {
    let tally = try tally((1...9).map { ("10.0.0.\($0)", 10 - $0) })
    #expect(
      tally.text(in: nil) == "→ 10.0.0.1:5432 (9), 10.0.0.2:5432 (8), 10.0.0.3:5432 (7), 6 more")
  }

  /// The clients of a listener have a port each, so they are counted by the listener's.
  @Test func acceptedConnectionsAreCountedByTheLocalPort() throws {
    var tally = EndTally()
    for port in UInt16(50_000)..<50_003 {
      tally.add(try connection(to: "10.0.0.\(port % 7)", port, from: 8080), isAccepted: true)
    }
    #expect(tally.text(in: nil) == "← clients of :8080")
    tally.add(try connection(to: "10.0.0.1"), isAccepted: false)
    #expect(tally.text(in: nil) == "← clients of :8080 (3), → 10.0.0.1:5432 (1)")
  }

  @Test func listenersAreNamedAsSuch() throws {
    var tally = EndTally()
    tally.add(
      try connection(to: "0.0.0.0", 0, from: 8080, state: .listen), isAccepted: true)
    #expect(tally.text(in: nil) == "listening on :8080")
  }

  @Test func addressesArePrintedAsElsewhere() throws {
    #expect(try tally([("::ffff:10.0.0.1", 1)]).text(in: nil) == "→ 10.0.0.1:5432")
    #expect(try tally([("2001:db8::1", 1)]).text(in: nil) == "→ [2001:db8::1]:5432")
    var local = EndTally()
    local.add(try connection(to: "fe80::b", interface: 7), isAccepted: false)
    #expect(local.text(in: nil) { "eth\($0)" } == "→ [fe80::b%eth7]:5432")
    local.add(try connection(to: "fe80::b", interface: 8), isAccepted: false)
    #expect(local.text(in: nil).hasPrefix("→ [fe80::b%7]:5432 (1), [fe80::b%8]:5432 (1)"))
  }

  /// As many ends as fit are listed. An address is shortened in its middle; ports and counts stay.
  @Test(arguments: 16..<90) func theTextFitsTheRoom(room: Int) throws {
    let long = "2001:db8:1234:5678:9abc:def0:1234:567"
    let tally = try tally((1...5).map { ("\(long)\($0)", 100 * $0) })
    let text = tally.text(in: room)
    if room >= 28 { #expect(EscapedText.width(of: text.utf8) <= room, "\(text)") }
    #expect(text.contains(":5432 (500)"), "\(text)")
    #expect(text.hasSuffix(" more"), "\(text)")
  }

  @Test func aWholeTextShortensNoAddress() throws {
    let tally = try tally([("10.0.0.1", 2), ("10.0.0.2", 1)])
    #expect(tally.wholeText(in: 80) == "→ 10.0.0.1:5432 (2), 10.0.0.2:5432 (1)")
    #expect(tally.wholeText(in: 30) == "→ 10.0.0.1:5432 (2), 1 more")
    #expect(tally.wholeText(in: 26) == nil)
  }

  @Test func talliesAreAdded() throws {
    var sum = try tally([("10.0.0.1", 1), ("10.0.0.2", 5)])
    sum.add(try tally([("10.0.0.1", 7)]))
    #expect(sum.text(in: nil) == "→ 10.0.0.1:5432 (8), 10.0.0.2:5432 (5)")
  }
}
