import Connections

// The host syntax of `ss`: [FAMILY:]ADDRESS[/LENGTH][:PORT], and ports after a colon.
extension FilterParser {
  /// `sport` or `dport` with a comparison and [FAMILY:]:PORT.
  mutating func servicePort(_ end: ConnectionEnd) throws(FilterProblem) -> SelectionPredicate {
    inherited = nil
    take()
    let comparison = takeComparison()
    return try ports(end.portKey, comparison, try value("a port, as in :443 or :https"))
  }

  /// A comparison with a port; `*` matches any port.
  func ports(
    _ key: SelectionKey, _ comparison: (FilterComparison, FilterToken)?, _ value: FilterToken
  ) throws(FilterProblem) -> SelectionPredicate {
    let isOrdered = comparison.map { $0.0 != .equal && $0.0 != .unequal } ?? false
    let isList = value.text.utf8.contains(UInt8(ascii: ","))
    guard !isList || isOrdered else {
      return try equality(comparison, of: value) { parser throws(FilterProblem) in
        try parser.selection(key, value)
      }
    }
    let (family, start) = try family(of: value)
    let bytes = Array(value.text.utf8)
    let hasColon = start < bytes.count && bytes[start] == UInt8(ascii: ":")
    let range = (hasColon ? start + 1 : start)..<bytes.count
    let port = FilterPort(key: key, value: value.text, range: range)
    let selected: SelectionPredicate
    if port.isAny {
      selected = try equality(comparison, of: value) { _ in .everything }
    } else {
      let ports: ClosedRange<UInt16>
      do {
        ports = isList ? 0...1 : try port.range(names)
      } catch {
        throw problem(error, in: value)
      }
      guard !isOrdered || ports.count == 1 else {
        throw problem(.listCompared, at: value, expected: "one port")
      }
      selected = port.selection(of: ports, comparison?.0 ?? .equal)
    }
    return family.map { .all([.term(.family($0)), selected]) } ?? selected
  }

  /// The family before the first colon, and the offset of the rest.
  private func family(
    of value: FilterToken
  ) throws(FilterProblem) -> (family: AddressFamily?, start: Int) {
    for (prefix, family) in [("inet:", AddressFamily.ipv4), ("inet6:", .ipv6)]
    where value.text.hasPrefix(prefix) {
      return (family, prefix.utf8.count)
    }
    for prefix in ["unix:", "link:", "netlink:", "vsock:"] where value.text.hasPrefix(prefix) {
      throw problem(.notAboutConnections, at: value, expected: "inet: or inet6:")
    }
    return (nil, 0)
  }

  /// The value of `src` and `dst`.
  func host(
    _ end: ConnectionEnd, _ value: FilterToken
  ) throws(FilterProblem) -> SelectionPredicate {
    let (family, start) = try family(of: value)
    let host = try splitHost(value, from: start)
    var parts: [SelectionPredicate] = family.map { [.term(.family($0))] } ?? []
    do {
      if let address = host.address {
        parts.append(try self.address(end, value.text, address, family))
      }
      if let range = host.port {
        let port = FilterPort(key: end.portKey, value: value.text, range: range)
        if !port.isAny { parts.append(port.selection(of: try port.range(names), .equal)) }
      }
    } catch {
      throw problem(error, in: value)
    }
    return parts.count == 1 ? parts[0] : .all(parts)
  }

  /// The ranges of the address and the port; nil for one that is omitted or matches any.
  private func splitHost(
    _ value: FilterToken, from start: Int
  ) throws(FilterProblem) -> (address: Range<Int>?, port: Range<Int>?) {
    let bytes = Array(value.text.utf8)
    let colon = UInt8(ascii: ":")
    let expected = "a host, as in 10.0.0.0/8:443, [::1]:443 or *:443"
    guard start < bytes.count else { throw problem(.badHost, at: value, expected: expected) }
    var addressEnd: Int
    var addressStart = start
    var end: Int
    if bytes[start] == UInt8(ascii: "[") {
      guard let bracket = bytes[start...].firstIndex(of: UInt8(ascii: "]")) else {
        throw problem(.badHost, at: value, expected: "\"]\" after the address")
      }
      (addressStart, addressEnd, end) = (start + 1, bracket, bracket + 1)
      if end < bytes.count, bytes[end] == UInt8(ascii: "/") || bytes[end] == UInt8(ascii: "%") {
        // A prefix length or interface after the brackets belongs to the address.
        addressStart = start
        end = bytes[end...].firstIndex(of: colon) ?? bytes.count
        addressEnd = end
      }
    } else if let percent = bytes[start...].firstIndex(of: UInt8(ascii: "%")) {
      // Interface names contain no colon, so a colon here starts the port.
      end = bytes[percent...].firstIndex(of: colon) ?? bytes.count
      addressEnd = end
    } else {
      let searched = bytes[start...].firstIndex(of: UInt8(ascii: "/")) ?? start
      let lastColon = bytes[searched...].lastIndex(of: colon)
      end = bytes.count
      if let lastColon, try isPortSeparator(lastColon, in: value, from: start) { end = lastColon }
      addressEnd = end
    }
    guard end == bytes.count || bytes[end] == colon else {
      throw problem(.badHost, at: value, expected: expected)
    }
    let address = addressStart..<addressEnd
    let isAny =
      address.isEmpty
      || ["*", "any", "all", "default"].contains(
        String(decoding: bytes[address], as: UTF8.self))
    return (isAny ? nil : address, end < bytes.count ? end + 1..<bytes.count : nil)
  }

  /// Whether the last colon of an address without brackets separates a port.
  ///
  /// `ss` reads `fe80::1:80` with a port, pcap without one. The parser rejects such addresses.
  private func isPortSeparator(
    _ colon: Int, in value: FilterToken, from start: Int
  ) throws(FilterProblem) -> Bool {
    let bytes = Array(value.text.utf8)
    let whole = IPAddress(text: String(decoding: bytes[start...], as: UTF8.self))
    guard whole != nil else { return true }
    let before = String(decoding: bytes[start..<colon], as: UTF8.self)
    guard IPAddress(text: before) == nil else {
      let port = String(decoding: bytes[(colon + 1)...], as: UTF8.self)
      throw problem(
        .ambiguousAddress, at: value, expected: "[\(before)]:\(port) or [\(before):\(port)]")
    }
    return false
  }

  /// An address, a block with a prefix length or mask, or a host name.
  private func address(
    _ end: ConnectionEnd, _ value: String, _ range: Range<Int>, _ family: AddressFamily?
  ) throws(SelectionProblem) -> SelectionPredicate {
    let item = ValueItem(key: end.hostKey, value: value, range: range)
    if item.text.contains("/"), let network = FilterNetwork(String(item.text)) {
      return Self.address(end, network.block)
    }
    var hosts = try item.hosts(names)
    if let family { hosts.removeAll { $0.family != nil && $0.family != family } }
    guard !hosts.isEmpty else { throw item.problem(.hostLookup(.noSuchName)) }
    let selections = hosts.map { host in
      if host.zone == nil, case .block(let block) = host.address { return Self.address(end, block) }
      return host.selection(end)
    }
    return selections.count == 1 ? selections[0] : .any(selections)
  }

  /// A v4-mapped block matches only IPv6 sockets, as in `ss`.
  private static func address(_ end: ConnectionEnd, _ block: AddressBlock) -> SelectionPredicate {
    let term = SelectionPredicate.term(.address(end, block))
    let isMapped =
      block.first.family == .ipv6 && block.significantBits >= 96 && block.first.isV4OrMapped
    return isMapped ? .all([.term(.family(.ipv6)), term]) : term
  }
}

/// A port in a filter. As in `ss`, it may also be 0 or hexadecimal.
struct FilterPort {
  private let item: ValueItem

  init(key: SelectionKey, value: String, range: Range<Int>) {
    item = ValueItem(key: key, value: value, range: range)
  }

  /// Whether it matches any port.
  var isAny: Bool { item.range.isEmpty && !item.value.isEmpty || item.text == "*" }

  /// The ports for which the comparison with `range` holds; only `=` and `!=` accept several.
  func selection(
    of range: ClosedRange<UInt16>, _ comparison: FilterComparison
  ) -> SelectionPredicate {
    let end = item.key.end
    func ports(_ low: Int, _ high: Int) -> SelectionPredicate {
      low <= high ? .term(.port(end, UInt16(low)...UInt16(high))) : .any([])
    }
    let (low, high) = (Int(range.lowerBound), Int(range.upperBound))
    let maximum = Int(UInt16.max)
    switch comparison {
    case .equal: return ports(low, high)
    case .unequal: return .not(ports(low, high))
    case .atLeast: return ports(low, maximum)
    case .greater: return ports(low + 1, maximum)
    case .atMost: return ports(0, low)
    case .less: return ports(0, low - 1)
    }
  }

  /// The port or port range.
  func range(_ names: some NameResolver) throws(SelectionProblem) -> ClosedRange<UInt16> {
    let text = item.text
    if text == "0" { return 0...0 }
    if text.hasPrefix("0x") {
      guard let port = UInt16(text.dropFirst(2), radix: 16) else { throw item.problem(.notAPort) }
      return port...port
    }
    return try item.ports(names)
  }
}

extension SelectionKey {
  /// The end whose port or address the key selects.
  fileprivate var end: ConnectionEnd {
    switch self {
    case .localPort, .local: .local
    case .peerPort, .peer: .peer
    default: .either
    }
  }
}
