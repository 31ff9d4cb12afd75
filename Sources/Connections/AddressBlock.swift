/// A CIDR block (RFC 4632): an address and the number of significant bits.
///
/// A block of IPv4 addresses also contains their v4-mapped forms.
public struct AddressBlock: Hashable, Sendable {
  /// The first address of the block.
  public let first: IPAddress
  /// The number of leading bits of the 128-bit form that the whole block shares.
  public let significantBits: Int

  private let mask: UInt128

  /// Creates a block of one address.
  public init(_ address: IPAddress) {
    self.init(masking: address, significantBits: 128)
  }

  /// Creates the block of the addresses that share the first `prefixLength` bits of `address`.
  ///
  /// `prefixLength` is relative to the family: 0 to 32 for IPv4, 0 to 128 for IPv6; otherwise nil.
  public init?(_ address: IPAddress, prefixLength: Int) {
    let width = address.family == .ipv4 ? 32 : 128
    guard (0...width).contains(prefixLength) else { return nil }
    self.init(masking: address, significantBits: 128 - width + prefixLength)
  }

  private init(masking address: IPAddress, significantBits: Int) {
    mask = significantBits == 0 ? 0 : UInt128.max << UInt128(128 - significantBits)
    first = IPAddress(bits: address.bits & mask, family: address.family)
    self.significantBits = significantBits
  }

  /// The prefix length relative to the family: 0 to 32 for IPv4, 0 to 128 for IPv6.
  public var prefixLength: Int {
    first.family == .ipv4 ? significantBits - 96 : significantBits
  }

  /// Whether the block contains IPv4 addresses, plain or v4-mapped.
  public var holdsV4: Bool { significantBits >= 96 && first.isV4OrMapped }

  /// Whether the block contains the address with these 128 bits (IPv4 in v4-mapped form).
  public func contains(bits: UInt128) -> Bool { bits & mask == first.bits }

  /// Whether the block contains `address`.
  ///
  /// An IPv6 block larger than the v4-mapped range, such as `::/0`, contains no plain IPv4 address.
  public func contains(_ address: IPAddress) -> Bool {
    (significantBits >= 96 || address.family == .ipv6) && contains(bits: address.bits)
  }
}

extension AddressBlock: CustomStringConvertible {
  /// The address alone for a block of one, otherwise `address/length`.
  public var description: String {
    significantBits == 128 ? "\(first)" : "\(first)/\(prefixLength)"
  }
}
