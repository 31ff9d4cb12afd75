extension Connection {
  /// Appends one endpoint in its printed form: `10.0.0.5:8080`, `[fe80::b%v1]:8080`,
  /// `0.0.0.0%lo:80`, `[::]:80` (IPv6 only), `*:80` (both families).
  ///
  /// - Parameters:
  ///   - withPort: whether to append the port; without it, an IPv6 address has no brackets.
  ///   - zone: appends the name of the interface. It is called for the local end of a bound socket
  ///     and for a link-local peer.
  public func appendText(
    of end: KernelCondition.End, to text: inout [UInt8], withPort: Bool = true,
    zone: (inout [UInt8]) -> Void
  ) {
    let endpoint = end == .local ? local : peer
    let address = endpoint.address
    let hasZone = identity.interface != 0 && (end == .local || address.isLinkLocal)
    address.appendShownText(
      to: &text, isV6Only: isV6Only, inEndpoint: withPort
    ) { text in
      guard hasZone else { return }
      text.append(UInt8(ascii: "%"))
      zone(&text)
    }
    if withPort { endpoint.appendPort(to: &text) }
  }
}

extension IPAddress {
  /// The address to print: the IPv4 address for a v4-mapped one.
  public var unmapped: IPAddress {
    isV4OrMapped && family == .ipv6 ? IPAddress(bits: bits, family: .ipv4) : self
  }

  /// Whether the address is in `fe80::/10`, which is ambiguous without an interface.
  public var isLinkLocal: Bool { bits >> 118 == 0x3fa }

  /// Appends the address in its printed form, followed by the output of `zone`.
  ///
  /// - Parameters:
  ///   - isV6Only: whether a socket bound to `::` refuses IPv4; nil when unknown.
  ///   - inEndpoint: whether a port follows, so that an IPv6 address needs brackets.
  public func appendShownText(
    to text: inout [UInt8], isV6Only: Bool?, inEndpoint: Bool,
    zone: (inout [UInt8]) -> Void = { _ in }
  ) {
    if isV4OrMapped {
      unmapped.appendText(to: &text)
      return zone(&text)
    }
    if bits == 0, isV6Only != true {
      text.append(UInt8(ascii: "*"))
      return zone(&text)
    }
    let isBracketed = inEndpoint || bits == 0
    if isBracketed { text.append(UInt8(ascii: "[")) }
    appendText(to: &text)
    zone(&text)
    if isBracketed { text.append(UInt8(ascii: "]")) }
  }
}
