import Glibc

/// An IPv4 or IPv6 address.
///
/// Both families are stored in 128 bits, IPv4 in its v4-mapped form (`::ffff:a.b.c.d`, RFC 4291,
/// section 2.5.5.2). One comparison therefore matches an address in sockets of either family.
public struct IPAddress: Hashable, Sendable {
  /// The address as a number, first octet most significant; IPv4 is v4-mapped.
  public let bits: UInt128
  /// The family of the text or of the socket.
  public let family: AddressFamily

  /// Creates an address from 128 bits; for IPv4, those of the v4-mapped form.
  public init(bits: UInt128, family: AddressFamily) {
    self.bits = bits
    self.family = family
  }

  /// Creates an IPv4 address from 32 bits, first octet most significant.
  public init(v4 value: UInt32) {
    self.init(bits: Self.mappedPrefix | UInt128(value), family: .ipv4)
  }

  /// Parses dotted decimal or the hexadecimal form of RFC 4291; nil for anything else.
  ///
  /// A scope (`%eth0`), a prefix length and a short IPv4 form (`10.1`) are not accepted.
  public init?(text: some StringProtocol) {
    let string = String(text)
    guard !string.utf8.contains(0) else { return nil }
    var v4 = in_addr()
    if unsafe inet_pton(AF_INET, string, &v4) == 1 {
      self.init(v4: UInt32(bigEndian: v4.s_addr))
      return
    }
    var octets: [16 of UInt8] = .init(repeating: 0)
    var span = octets.mutableSpan
    let parsed = unsafe span.withUnsafeMutableBytes { bytes in
      unsafe inet_pton(AF_INET6, string, bytes.baseAddress)
    }
    guard parsed == 1 else { return nil }
    var bits: UInt128 = 0
    for index in octets.indices { bits = bits << 8 | UInt128(octets[index]) }
    self.init(bits: bits, family: .ipv6)
  }

  /// `::ffff:0:0`, the prefix of v4-mapped addresses.
  public static let mappedPrefix: UInt128 = 0xffff_0000_0000

  /// Whether the address is IPv4, or IPv4 in its v4-mapped form.
  public var isV4OrMapped: Bool { bits >> 32 == 0xffff }

  /// Whether the address is all zeros: `0.0.0.0`, `::`, or `::ffff:0.0.0.0`.
  public var isUnspecified: Bool { bits == 0 || bits == Self.mappedPrefix }
}

/// The family of a socket or of an address.
public enum AddressFamily: UInt8, CaseIterable, Hashable, Sendable {
  /// `AF_INET`.
  case ipv4 = 2
  /// `AF_INET6`.
  case ipv6 = 10

  /// The name in JSON: `ipv4` or `ipv6`.
  public var name: String { self == .ipv4 ? "ipv4" : "ipv6" }
}
