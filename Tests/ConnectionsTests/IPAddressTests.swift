import Connections
import Glibc
import TestSupport
import Testing

@Suite("Addresses as text")
struct IPAddressTests {
  /// The examples of RFC 5952, section by section, and those of RFC 4291.
  @Test(arguments: [
    ("2001:db8:0:0:0:0:2:1", "2001:db8::2:1"), ("2001:0db8::0001", "2001:db8::1"),
    ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:DB8::AbCd", "2001:db8::abcd"),
    ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"), ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
    ("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("0:0:0:0:0:0:0:0", "::"),
    ("0:0:0:0:0:0:0:1", "::1"), ("1:0:0:0:0:0:0:0", "1::"), ("fe80::", "fe80::"),
    ("0:0:1:0:0:0:0:0", "0:0:1::"), ("1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"),
    ("0:2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7:0", "1:2:3:4:5:6:7:0"),
    ("::ffff:c000:280", "::ffff:192.0.2.128"), ("::FFFF:0.0.0.0", "::ffff:0.0.0.0"),
    ("::ffff:0:1:2", "::ffff:0:1:2"),
    (
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
    ),
    ("192.0.2.1", "192.0.2.1"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
  ])
  func canonical(text: String, canonical: String) {
    #expect(IPAddress(text: text)?.description == canonical)
  }

  @Test(
    "Incomplete and malformed addresses are rejected",
    arguments: [
      "", " ", "10.1", "10.0.0.256", "10.0.0.05", "10.0.0.5 ", "10.0.0", "1.2.3.4.5", "0x7f000001",
      "10.0.0.5/8", "::1%lo", "fe80::1%eth0", "[::1]", "1::2::3", "12345::", "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9", ":::", ":1", "::ffff:10.0.0", "localhost", "10.0.0.5\0", "١٢٧.0.0.1",
    ])
  func notAddresses(text: String) {
    #expect(IPAddress(text: text) == nil)
  }

  @Test("IPv4 is stored as its v4-mapped number, with the family of its text")
  func mapped() throws {
    let plain = try #require(IPAddress(text: "10.0.0.5"))
    let mapped = try #require(IPAddress(text: "::ffff:10.0.0.5"))
    #expect(plain == IPAddress(v4: 0x0a00_0005))
    #expect(plain.bits == 0xffff_0a00_0005)
    #expect(plain.bits == mapped.bits)
    #expect(plain != mapped)
    #expect((plain.family, mapped.family) == (.ipv4, .ipv6))
    #expect(plain.isV4OrMapped && mapped.isV4OrMapped)
    #expect(IPAddress(text: "::10.0.0.5")?.isV4OrMapped == false)
  }

  @Test("Unspecified addresses are recognized in every form")
  func unspecified() throws {
    func of(_ text: String) throws -> IPAddress { try #require(IPAddress(text: text)) }
    for text in ["0.0.0.0", "::", "::ffff:0.0.0.0"] { #expect(try of(text).isUnspecified) }
    for text in ["0.0.0.1", "::1", "::fffe:0.0.0.0"] { #expect(try !of(text).isUnspecified) }
  }

  @Test("The text matches inet_ntop and parses back")
  func oracle() {
    var generator = Seeded(2)
    for _ in 0..<20_000 {
      let address = Self.anyAddress(&generator)
      let text = address.description
      #expect(IPAddress(text: text) == address, "\(text)")
      // inet_ntop writes ::102:304 as ::1.2.3.4, a form that RFC 4291 deprecated in 2006.
      if address.family == .ipv6, 0x1_0000...0xffff_ffff ~= address.bits { continue }
      #expect(text == Self.systemText(address))
    }
  }

  /// A random address with many zero groups, sometimes IPv4 or v4-mapped.
  private static func anyAddress(_ generator: inout Seeded) -> IPAddress {
    switch UInt8.random(in: 0..<8, using: &generator) {
    case 0: return IPAddress(v4: .random(in: 0 ... .max, using: &generator))
    case 1:
      let low = UInt32.random(in: 0 ... .max, using: &generator)
      return IPAddress(bits: IPAddress.mappedPrefix | UInt128(low), family: .ipv6)
    default:
      var bits: UInt128 = 0
      for _ in 0..<8 {
        let group = UInt16.random(in: 0 ... .max, using: &generator)
        let width = UInt16.random(in: 0...4, using: &generator) * 4
        bits = bits << 16 | (Bool.random(using: &generator) ? 0 : UInt128(group >> width))
      }
      return IPAddress(bits: bits, family: .ipv6)
    }
  }

  private static func systemText(_ address: IPAddress) -> String {
    var text = [CChar](repeating: 0, count: 64)
    if address.family == .ipv4 {
      var octets = UInt32(truncatingIfNeeded: address.bits).bigEndian
      inet_ntop(AF_INET, &octets, &text, 64)
    } else {
      var octets = address.bits.bigEndian
      inet_ntop(AF_INET6, &octets, &text, 64)
    }
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  @Test("Numbers are appended as String formats them")
  func numbers() {
    var generator = Seeded(3)
    for shift in UInt64(0)..<64 {
      for value in [UInt64.max >> shift, 1 << shift, generator.next() >> shift, 0] {
        var text: [UInt8] = Array("x".utf8)
        text.appendDecimal(value)
        text.append(UInt8(ascii: ","))
        text.appendHexadecimal(value)
        #expect(String(decoding: text, as: UTF8.self) == "x\(value),\(String(value, radix: 16))")
      }
    }
  }

  @Test("Endpoints show * for unspecified values and brackets around IPv6")
  func endpoints() throws {
    func text(_ address: String, _ port: UInt16) throws -> String {
      Endpoint(address: try #require(IPAddress(text: address)), port: port).description
    }
    #expect(try text("10.0.0.5", 8080) == "10.0.0.5:8080")
    #expect(try text("fe80::1", 65535) == "[fe80::1]:65535")
    #expect(try text("::ffff:10.0.0.5", 1) == "10.0.0.5:1")
    #expect(try text("0.0.0.0", 22) == "0.0.0.0:22")
    #expect(try text("::", 0) == "*:*")
    #expect(try text("10.0.0.9", 0) == "10.0.0.9:*")
  }
}
