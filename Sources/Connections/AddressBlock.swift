/// A block of addresses, as CIDR writes it (RFC 4632): an address and how many leading bits count.
///
/// A block of IPv4 addresses also holds their v4-mapped forms.
public struct AddressBlock: Hashable, Sendable {
  /// The first address of the block.
  public let first: IPAddress
  /// How many leading bits of the 128-bit form are the same in the whole block.
  public let significantBits: Int

  private let mask: UInt128

  /// The block of one address.
  public init(_ address: IPAddress) {
    self.init(masking: address, significantBits: 128)
  }

  /// The block of the addresses whose first `prefixLength` bits are those of `address`.
  ///
  /// `prefixLength` counts within the family: 0 to 32 for IPv4, 0 to 128 for IPv6; otherwise nil.
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

  /// The prefix length within the family: 0 to 32 for IPv4, 0 to 128 for IPv6.
  public var prefixLength: Int {
    first.family == .ipv4 ? significantBits - 96 : significantBits
  }

  /// Whether the addresses of the block are IPv4 addresses, in one form or the other.
  public var holdsV4: Bool { significantBits >= 96 && first.isV4OrMapped }

  /// Whether the block holds the address with these 128 bits (IPv4 in v4-mapped form).
  public func contains(bits: UInt128) -> Bool { bits & mask == first.bits }

  /// Whether the block holds `address`.
  ///
  /// A block of IPv6 addresses that is larger than the v4-mapped ones, as `::/0` is, holds no IPv4
  /// address: those are not addresses of IPv6 only because they are kept in that form here.
  public func contains(_ address: IPAddress) -> Bool {
    (significantBits >= 96 || address.family == .ipv6) && contains(bits: address.bits)
  }
}

extension AddressBlock: CustomStringConvertible {
  /// The address alone for a block of one, else `address/length`.
  public var description: String {
    significantBits == 128 ? "\(first)" : "\(first)/\(prefixLength)"
  }
}
