import Connections

/// A parsed host value: an address or block, and an optional interface.
struct HostValue {
  let address: Address
  /// The interface after a `%`.
  let zone: Zone?

  enum Address {
    case block(AddressBlock)
    /// Every address of both families, printed as `*`.
    case wildcard
  }

  enum Zone {
    /// The index of an interface of this network namespace.
    case named(UInt32)
    /// An index in any namespace, as printed for interfaces of other namespaces.
    case number(UInt32)
  }

  init(_ address: Address, zone: Zone? = nil) {
    (self.address, self.zone) = (address, zone)
  }

  /// The family of the address; nil for both.
  var family: AddressFamily? {
    if case .block(let block) = address { block.first.family } else { nil }
  }

  /// A predicate for the address of `end` and, if given, the interface of the connection.
  func selection(_ end: ConnectionEnd) -> SelectionPredicate {
    let selected: SelectionPredicate =
      switch address {
      case .block(let block): .term(.address(end, block))
      case .wildcard: .term(.wildcard(end))
      }
    return switch zone {
    case nil: selected
    case .named(let index): .all([selected, .term(.interface(index))])
    case .number(let index): .all([selected, .term(.interfaceNumber(index))])
    }
  }
}

extension ValueItem {
  /// The item as an address, a block, `*`, or all addresses of a host name.
  ///
  /// Accepts every printed form of an address, including `%device`. As in `ss`, host bits in a
  /// block are ignored: `10.0.0.5/8` is `10.0.0.0/8`.
  func hosts(_ names: some NameResolver) throws(SelectionProblem) -> [HostValue] {
    let slash = offset(of: UInt8(ascii: "/"))
    let addressRange = range.lowerBound..<(slash ?? range.upperBound)
    let percent = offset(of: UInt8(ascii: "%")).flatMap { $0 < addressRange.upperBound ? $0 : nil }
    let whole = text(addressRange)
    guard let percent else {
      if whole == "*", slash == nil { return [HostValue(.wildcard)] }
      if let address = IPAddress(text: Self.withoutBrackets(whole)) {
        return [HostValue(.block(try block(of: address, slash)))]
      }
      guard slash == nil, Self.canBeName(whole) else { throw problem(.notAHost) }
      return try lookUp(whole, names).map { HostValue(.block(AddressBlock($0))) }
    }
    var host = text(addressRange.lowerBound..<percent)
    var zoneRange = percent + 1..<addressRange.upperBound
    if host.hasPrefix("["), !host.hasSuffix("]"), whole.hasSuffix("]") {
      // [fe80::b%eth0], not [fe80::b]%eth0.
      host = host.dropFirst()
      zoneRange = zoneRange.lowerBound..<zoneRange.upperBound - 1
    }
    if host == "*", slash == nil {
      return [HostValue(.wildcard, zone: try zone(at: zoneRange, names))]
    }
    guard let address = IPAddress(text: Self.withoutBrackets(host)) else {
      throw problem(.notAHost)
    }
    return [
      HostValue(.block(try block(of: address, slash)), zone: try zone(at: zoneRange, names))
    ]
  }

  /// The interface that `%eth0` or `%7` names.
  private func zone(
    at range: Range<Int>, _ names: some NameResolver
  ) throws(SelectionProblem) -> HostValue.Zone {
    let name = text(range)
    if let index = names.interfaceIndex(of: String(name)) { return .named(index) }
    guard name.isDigits, let index = UInt32(name) else {
      throw problem(.unknownInterface, at: range)
    }
    return .number(index)
  }

  private func lookUp(
    _ host: Substring, _ names: some NameResolver
  ) throws(SelectionProblem) -> [IPAddress] {
    let addresses: [IPAddress]
    do {
      addresses = try names.addresses(ofHost: String(host))
    } catch {
      throw problem(.hostLookup(error))
    }
    guard !addresses.isEmpty else { throw problem(.hostLookup(.noSuchName)) }
    return addresses
  }

  private func block(
    of address: IPAddress, _ slash: Int?
  ) throws(SelectionProblem) -> AddressBlock {
    guard let slash else { return AddressBlock(address) }
    return try block(of: address, prefixLengthAt: slash + 1..<range.upperBound)
  }

  private func block(
    of address: IPAddress, prefixLengthAt lengthRange: Range<Int>
  ) throws(SelectionProblem) -> AddressBlock {
    let length = text(lengthRange)
    try checkLeadingZero(at: lengthRange)
    guard length.isDigits, let bits = Int(length),
      let block = AddressBlock(address, prefixLength: bits)
    else {
      let maximum = address.family == .ipv4 ? 32 : 128
      throw problem(.badPrefixLength(maximum: maximum), at: lengthRange)
    }
    return block
  }

  /// Removes the brackets from `[::1]`; only IPv6 has brackets (RFC 3986, section 3.2.2).
  private static func withoutBrackets(_ host: Substring) -> Substring {
    guard host.hasPrefix("["), host.hasSuffix("]"), host.utf8.contains(UInt8(ascii: ":")) else {
      return host
    }
    return host.dropFirst().dropLast()
  }

  /// Whether `host` can be a host name.
  ///
  /// Text that ends in a number is a mistyped address. `getaddrinfo` would read `10.1` as 10.0.0.1
  /// and `0x7f.1` as 127.0.0.1.
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
