import Connections
import Selection
import Testing

/// Names that every Linux machine resolves without a network.
@Suite("System names")
struct SystemNamesTests {
  private let names = SystemNames()

  @Test("localhost resolves to loopback addresses without duplicates")
  func localhost() throws {
    let addresses = try names.addresses(ofHost: "localhost")
    #expect(!addresses.isEmpty)
    #expect(addresses.allSatisfy { $0.description == "::1" || $0.description.hasPrefix("127.") })
    #expect(Set(addresses).count == addresses.count)
  }

  @Test("A numeric address resolves to itself", arguments: ["192.0.2.1", "2001:db8::1:2"])
  func numeric(text: String) throws {
    #expect(try names.addresses(ofHost: text) == [IPAddress(text: text)].compactMap { $0 })
  }

  @Test("An impossible name is an error, not an empty list", arguments: ["", "a\0b"])
  func noHost(name: String) {
    #expect(throws: LookupFailure.self) { try names.addresses(ofHost: name) }
  }

  @Test("Services")
  func services() {
    #expect(names.port(ofService: "http") == 80)
    #expect(names.port(ofService: "https") == 443)
    #expect(names.port(ofService: "no-such-service") == nil)
    #expect(names.port(ofService: "http\0x") == nil)
    let known = names.serviceNames
    #expect(known.contains("http") && known.contains("ssh"))
  }

  @Test("Users")
  func users() throws {
    #expect(try names.userID(of: "root") == 0)
    #expect(try names.userID(of: "no-such-user") == nil)
    #expect(try names.userID(of: "root\0x") == nil)
    #expect(try names.userID(of: "") == nil)
  }

  @Test("Interfaces")
  func interfaces() {
    #expect(names.interfaceIndex(of: "lo") == 1)
    #expect(names.interfaceNames.contains("lo"))
    #expect(names.interfaceIndex(of: "no-such-device-at-all") == nil)
    #expect(names.interfaceIndex(of: "lo\0x") == nil)
    #expect(names.interfaceIndex(of: "") == nil)
  }

  @Test("A selection is parsed with the names of this machine")
  func selection() throws {
    let selection = try SelectionVocabulary.parse(
      options: [(.port, ["http"]), (.user, ["root"])], names: names)
    #expect(selection == .all([.term(.port(.either, 80...80)), .term(.user(0))]))
  }
}
