import Connections

/// A network in the notation of pcap and `ss`: IPv4 may omit octets and use a dotted mask.
struct FilterNetwork {
  let block: AddressBlock

  /// Parses a network. Without a prefix length, `mask` or the number of octets determines it.
  init?(_ text: String, mask: String? = nil) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let length = parts.count == 2 ? String(parts[1]) : mask
    guard parts.count == 1 || mask == nil else { return nil }
    if let (address, octets) = Self.v4(parts[0]) {
      guard let bits = length.map(Self.v4Length) ?? octets * 8,
        let block = AddressBlock(address, prefixLength: bits)
      else { return nil }
      self.block = block
      return
    }
    guard mask == nil, let address = IPAddress(text: parts[0]) else { return nil }
    guard let bits = length.map(Self.number) ?? 128,
      let block = AddressBlock(address, prefixLength: bits)
    else { return nil }
    self.block = block
  }

  /// Parses one to four octets of an IPv4 address.
  private static func v4(_ text: Substring) -> (IPAddress, octets: Int)? {
    let octets = text.split(separator: ".", omittingEmptySubsequences: false)
    guard (1...4).contains(octets.count) else { return nil }
    var value: UInt32 = 0
    for octet in octets {
      guard octet.count <= 3, let number = number(String(octet)), let byte = UInt8(exactly: number)
      else { return nil }
      value = value << 8 | UInt32(byte)
    }
    return (IPAddress(v4: value << UInt32(8 * (4 - octets.count))), octets.count)
  }

  /// A prefix length, or a mask whose one bits are contiguous from the left.
  private static func v4Length(_ text: String) -> Int? {
    if let number = number(text) { return number }
    guard let mask = IPAddress(text: text), mask.family == .ipv4 else { return nil }
    let bits = ~UInt32(truncatingIfNeeded: mask.bits)
    return bits & (bits &+ 1) == 0 ? bits.leadingZeroBitCount : nil
  }

  /// A number without a leading zero, which other tools read as octal.
  private static func number(_ text: String) -> Int? {
    text.isDigits && !LeadingZero.starts(text) ? Int(text) : nil
  }
}
