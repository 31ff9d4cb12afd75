import Connections
import TestSupport
import Testing

@testable import Selection

/// A printed address selects its own connection and no other.
@Suite struct PrintedAddressTests {
  /// A connection or listener with random ends.
  private static func connection(_ random: inout Seeded, _ number: Int) throws -> Connection {
    let family: AddressFamily = Bool.random(using: &random) ? .ipv4 : .ipv6
    let isListening = Int.random(in: 0..<4, using: &random) == 0
    func address() throws -> IPAddress {
      let texts: [String] =
        switch family {
        case .ipv4: ["0.0.0.0", "127.0.0.1", "10.0.0.\(number)", "169.254.1.\(number)"]
        case .ipv6:
          [
            "::", "::1", "fe80::\(number)", "febf:ffff::\(number)", "2001:db8::\(number):0:0:1",
            "::ffff:10.1.0.\(number)", "::ffff:0.0.0.0", "ff02::1", "64:ff9b::\(number)",
          ]
        }
      let text = try #require(texts.randomElement(using: &random))
      return try #require(IPAddress(text: text))
    }
    let interface = try #require([UInt32(0), 0, 1, 2, 9].randomElement(using: &random))
    return Connection(
      identity: SocketIdentity(
        local: Endpoint(
          address: try address(), port: UInt16.random(in: 1...65535, using: &random)),
        peer: Endpoint(
          address: try address(),
          port: isListening ? 0 : UInt16.random(in: 1...65535, using: &random)),
        family: family, interface: interface,
        cookie: try #require(SocketCookie(rawValue: UInt64(number + 1)))),
      state: isListening ? .listen : .established, inode: 1, userID: 0, receiveQueue: 0,
      sendQueue: 0, timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0),
      figures: TCPFigures(), isV6Only: family == .ipv6 ? Bool.random(using: &random) : nil)
  }

  /// The end as printed in tables; an interface of another namespace is a number.
  private static func text(_ end: KernelCondition.End, of connection: Connection) -> String {
    var text: [UInt8] = []
    connection.appendText(of: end, to: &text) { text in
      let name = [1: "lo", 2: "eth0"][connection.identity.interface]
      text.append(contentsOf: (name ?? "\(connection.identity.interface)").utf8)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Removes the port: `[fe80::b%eth0]` from `[fe80::b%eth0]:80`.
  private static func address(of end: String) throws -> String {
    let colon = try #require(end.lastIndex(of: ":"))
    return String(end[..<colon])
  }

  private func verdict(_ predicate: SelectionPredicate, _ connection: Connection) -> Verdict {
    predicate.verdict(of: connection, owners: UnknownOwners())
  }

  private func option(_ key: SelectionKey, _ value: String) throws -> SelectionPredicate {
    try SelectionVocabulary.parse(key: key, value: value, names: FixedNames())
  }

  @Test func printedAddressSelectsItsConnection() throws {
    var random = Seeded(1313)
    for round in 0..<2000 {
      let connection = try Self.connection(&random, round % 200 + 1)
      for (end, key, direction) in [
        (KernelCondition.End.local, SelectionKey.local, "src"), (.peer, .peer, "dst"),
      ] {
        let whole = Self.text(end, of: connection)
        let address = try Self.address(of: whole)
        for value in Set([address, address.filter { !"[]".contains($0) }]) {
          #expect(verdict(try option(key, value), connection) == .yes, "\(key) \(value)")
          #expect(verdict(try option(.host, value), connection) == .yes, "host \(value)")
        }
        let filters = [
          "\(key.rawValue) = \(address)", "\(direction) \(whole.hasSuffix(":*") ? address : whole)",
        ]
        for filter in filters {
          let predicate = try SelectionFilter.parse(filter, names: FixedNames())
          #expect(verdict(predicate, connection) == .yes, "\(filter)")
          guard predicate != .everything else { continue }
          let again = try SelectionFilter.parse(predicate.description, names: FixedNames())
          #expect(verdict(again, connection) == .yes, "\(predicate.description)")
        }
      }
    }
  }

  @Test func printedAddressSelectsNoOtherConnection() throws {
    var random = Seeded(1314)
    var compared = 0
    for round in 0..<4000 {
      // Few numbers, so that many addresses differ only in their device.
      let one = try Self.connection(&random, round % 2 + 1)
      let other = try Self.connection(&random, round % 2 + 1)
      let address = try Self.address(of: Self.text(.local, of: one))
      let theirs = try Self.address(of: Self.text(.local, of: other))
      // A plain address matches any device, and `[::]` also matches dual-stack sockets.
      guard address != theirs, !address.hasPrefix("[::"),
        address.contains("%") || !theirs.contains("%")
      else { continue }
      compared += 1
      #expect(
        verdict(try option(.local, address), other) == .no, "\(address) is not \(theirs)")
    }
    #expect(compared > 500)
  }
}
