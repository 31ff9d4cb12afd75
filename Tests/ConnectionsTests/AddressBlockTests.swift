import Connections
import TestSupport
import Testing

@Suite("Address blocks")
struct AddressBlockTests {
  private func address(_ text: String) throws -> IPAddress {
    try #require(IPAddress(text: text))
  }

  private func block(_ text: String, _ length: Int) throws -> AddressBlock {
    try #require(AddressBlock(address(text), prefixLength: length))
  }

  @Test("Host bits are cleared")
  func masks() throws {
    #expect(try block("10.1.2.3", 8) == block("10.0.0.0", 8))
    #expect(try block("10.1.2.3", 8).description == "10.0.0.0/8")
    #expect(try block("10.1.2.3", 0).description == "0.0.0.0/0")
    #expect(try block("2001:db8:1::5", 33).description == "2001:db8::/33")
    #expect(try block("10.1.2.3", 32).description == "10.1.2.3")
    #expect(try block("10.1.2.3", 32) == AddressBlock(address("10.1.2.3")))
    #expect(try block("::1", 128).description == "::1")
    #expect(try block("::ffff:10.0.0.5", 104).description == "::ffff:10.0.0.0/104")
  }

  @Test("The prefix length is relative to the family")
  func prefixLengths() throws {
    for length in [-1, 33, 128, Int.max, Int.min] {
      #expect(AddressBlock(try address("10.0.0.0"), prefixLength: length) == nil)
    }
    for length in [-1, 129] {
      #expect(AddressBlock(try address("::"), prefixLength: length) == nil)
    }
    #expect(try block("10.0.0.0", 8).prefixLength == 8)
    #expect(try block("10.0.0.0", 8).significantBits == 104)
    #expect(try block("2001:db8::", 32).prefixLength == 32)
  }

  @Test("A block ends at its last address")
  func edges() throws {
    let block = try block("10.0.0.0", 8)
    for text in ["10.0.0.0", "10.255.255.255", "::ffff:10.0.0.0", "::ffff:10.255.255.255"] {
      #expect(block.contains(try address(text)), "\(text)")
    }
    for text in ["9.255.255.255", "11.0.0.0", "::10.0.0.1", "::", "::fffe:10.0.0.1"] {
      #expect(!block.contains(try address(text)), "\(text)")
    }
  }

  @Test("0.0.0.0/0 and ::/0 are different blocks")
  func families() throws {
    let v4 = try block("0.0.0.0", 0)
    let v6 = try block("::", 0)
    #expect(v4.contains(try address("1.2.3.4")))
    #expect(v4.contains(try address("::ffff:1.2.3.4")))
    #expect(!v4.contains(try address("::")))
    #expect(!v4.contains(try address("2001:db8::1")))
    #expect(!v6.contains(try address("1.2.3.4")))
    #expect(v6.contains(try address("::ffff:1.2.3.4")))
    #expect(v6.contains(try address("2001:db8::1")))
    #expect(try block("::ffff:0:0", 96).contains(address("1.2.3.4")))
    #expect(try !block("::ffff:0:0", 95).contains(address("1.2.3.4")))
  }

  @Test("A block contains exactly the addresses that share its leading bits")
  func property() throws {
    var generator = Seeded(4)
    for _ in 0..<5000 {
      let length = Int.random(in: 0...128, using: &generator)
      let bits = UInt128.random(in: 0 ... .max, using: &generator)
      let block = try #require(
        AddressBlock(IPAddress(bits: bits, family: .ipv6), prefixLength: length))
      let flipped = Int.random(in: 0..<128, using: &generator)
      let other = bits ^ 1 << UInt128(127 - flipped)
      #expect(block.contains(bits: bits))
      #expect(block.contains(bits: other) == (flipped >= length))
      #expect(block.contains(IPAddress(bits: other, family: .ipv6)) == (flipped >= length))
      #expect(AddressBlock(block.first, prefixLength: length) == block)
    }
  }
}
