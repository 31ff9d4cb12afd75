import Connections

extension ValueItem {
  /// The item as an address, a block of addresses, or all addresses of a host name.
  ///
  /// Bits of the host in a block do not count: `10.0.0.5/8` is `10.0.0.0/8`, as in `ss`.
  func blocks(_ names: some NameResolver) throws(SelectionProblem) -> [AddressBlock] {
    let slash = offset(of: UInt8(ascii: "/"))
    let addressRange = range.lowerBound..<(slash ?? range.upperBound)
    let host = text(addressRange)
    if let address = IPAddress(text: Self.withoutBrackets(host)) {
      guard let slash else { return [AddressBlock(address)] }
      return [try block(of: address, prefixLengthAt: slash + 1..<range.upperBound)]
    }
    if let scope = offset(of: UInt8(ascii: "%")),
      IPAddress(text: text(range.lowerBound..<scope)) != nil
    {
      throw problem(.scopedAddress, at: scope..<addressRange.upperBound)
    }
    guard slash == nil, Self.canBeName(host) else { throw problem(.notAHost) }
    let addresses: [IPAddress]
    do {
      addresses = try names.addresses(ofHost: String(host))
    } catch {
      throw problem(.hostLookup(error))
    }
    guard !addresses.isEmpty else { throw problem(.hostLookup(.noSuchName)) }
    return addresses.map { AddressBlock($0) }
  }

  private func block(
    of address: IPAddress, prefixLengthAt lengthRange: Range<Int>
  ) throws(SelectionProblem) -> AddressBlock {
    let length = text(lengthRange)
    try checkLeadingZero(at: lengthRange)
    guard length.isDigits, let bits = Int(length),
      let block = AddressBlock(address, prefixLength: bits)
    else {
      let greatest = address.family == .ipv4 ? 32 : 128
      throw problem(.badPrefixLength(greatest: greatest), at: lengthRange)
    }
    return block
  }

  /// `[::1]` as `::1`; brackets are for IPv6 only (RFC 3986, section 3.2.2).
  private static func withoutBrackets(_ host: Substring) -> Substring {
    guard host.hasPrefix("["), host.hasSuffix("]"), host.utf8.contains(UInt8(ascii: ":")) else {
      return host
    }
    return host.dropFirst().dropLast()
  }

  /// Whether to look it up. Text that ends in a number is a mistyped address: `getaddrinfo` would
  /// take `10.1` for 10.0.0.1, and `0x7f.1` for 127.0.0.1.
  private static func canBeName(_ host: Substring) -> Bool {
    let labels = host.split(separator: ".")
    guard let last = labels.last, !last.isDigits, !isHexadecimal(last) else { return false }
    return host.unicodeScalars.allSatisfy {
      !$0.isASCII || $0.properties.isAlphabetic || "0"..."9" ~= $0
        || "-_.".unicodeScalars.contains($0)
    }
  }

  private static func isHexadecimal(_ label: Substring) -> Bool {
    label.lowercased().hasPrefix("0x") && label.dropFirst(2).utf8.allSatisfy(\.isHexadecimalDigit)
  }
}
