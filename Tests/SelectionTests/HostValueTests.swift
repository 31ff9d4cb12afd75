import Connections
import Testing

@testable import Selection

/// Printed forms of addresses as values of options and in filters.
@Suite struct HostValueTests {
  private static func block(_ text: String) throws -> AddressBlock {
    AddressBlock(try #require(IPAddress(text: text)))
  }

  private func option(_ value: String, _ key: SelectionKey = .peer) throws -> SelectionPredicate {
    try SelectionVocabulary.parse(key: key, value: value, names: FixedNames())
  }

  private func filter(_ text: String) throws -> SelectionPredicate {
    try SelectionFilter.parse(text, names: FixedNames())
  }

  @Test(arguments: ["fe80::b%eth0", "[fe80::b%eth0]", "[fe80::b]%eth0"])
  func deviceAfterAddressIsCompared(text: String) throws {
    let wanted = SelectionPredicate.all([
      .term(.address(.peer, try Self.block("fe80::b"))), .term(.interface(2)),
    ])
    #expect(try option(text) == wanted)
    #expect(try filter("dst \(text)") == wanted)
    #expect(try filter("peer = \(text)") == wanted)
    #expect(try filter("dst \(text)").description == "peer = fe80::b and interface = 2")
  }

  @Test(arguments: [
    "[fe80::b%eth0]:8080", "[fe80::b]%eth0:8080", "fe80::b%eth0:8080",
  ])
  func filterAcceptsPortAfterDevice(text: String) throws {
    let address = SelectionPredicate.all([
      .term(.address(.local, try Self.block("fe80::b"))), .term(.interface(2)),
    ])
    #expect(try filter("src \(text)") == .all([address, .term(.port(.local, 8080...8080))]))
  }

  @Test func bothFamiliesAcceptDevice() throws {
    #expect(
      try option("10.0.0.5%eth0,0.0.0.0%lo", .local)
        == .any([
          .all([.term(.address(.local, try Self.block("10.0.0.5"))), .term(.interface(2))]),
          .all([.term(.address(.local, try Self.block("0.0.0.0"))), .term(.interface(1))]),
        ]))
    #expect(
      try filter("src 10.0.0.5%eth0:80")
        == .all([
          .all([.term(.address(.local, try Self.block("10.0.0.5"))), .term(.interface(2))]),
          .term(.port(.local, 80...80)),
        ]))
  }

  @Test func deviceIndexAppliesToAnyNamespace() throws {
    let wanted = SelectionPredicate.all([
      .term(.address(.peer, try Self.block("fe80::b"))), .term(.interfaceNumber(7)),
    ])
    #expect(try option("fe80::b%7") == wanted)
    #expect(!wanted.namesInterfaces, "it can be combined with --netns")
    #expect(try filter(wanted.description) == wanted)
    #expect(try option("%7", .interface) == .term(.interfaceNumber(7)))
  }

  @Test func wildcardOfBothFamiliesIsAccepted() throws {
    #expect(try option("*", .local) == .term(.wildcard(.local)))
    #expect(try option("*", .host) == .term(.wildcard(.either)))
    #expect(
      try option("*%eth0", .local) == .all([.term(.wildcard(.local)), .term(.interface(2))]))
    #expect(try filter("local = *") == .term(.wildcard(.local)))
    #expect(try filter("src *") == .all([]), "in ss syntax, * is any address")
    let description = SelectionPredicate.term(.wildcard(.local)).description
    #expect(try filter(description) == .term(.wildcard(.local)))
  }

  @Test func wildcardMatchesOnlyDualStackSockets() throws {
    func verdict(_ local: String, family: AddressFamily, isV6Only: Bool?) throws -> Verdict {
      let address = IPAddress(bits: try #require(IPAddress(text: local)).bits, family: family)
      let listener = Connection(
        identity: SocketIdentity(
          local: Endpoint(address: address, port: 80), peer: Endpoint(address: address, port: 0),
          family: family, interface: 0, cookie: try #require(SocketCookie(rawValue: 1))),
        state: .listen, inode: 1, userID: 0, receiveQueue: 0, sendQueue: 0,
        timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: TCPFigures(),
        isV6Only: isV6Only)
      return SelectionTerm.wildcard(.local).verdict(of: listener, owners: UnknownOwners())
    }
    #expect(try verdict("::", family: .ipv6, isV6Only: false) == .yes)
    #expect(try verdict("::", family: .ipv6, isV6Only: true) == .no)
    #expect(try verdict("::", family: .ipv6, isV6Only: nil) == .unknown)
    #expect(try verdict("0.0.0.0", family: .ipv4, isV6Only: nil) == .no)
    #expect(try verdict("::1", family: .ipv6, isV6Only: false) == .no)
  }

  @Test(arguments: [#"CORP\alice"#, #"CORP\\alice"#])
  func userNameWithBackslashIsResolved(name: String) throws {
    #expect(try option(name, .user) == .term(.user(1001)))
  }
}
