/// How to shorten a cell that is wider than its column. Ports, pids and numbers are never cut.
package enum CellCut: Sendable {
  /// Cuts the end.
  case end
  /// Cuts the address of `10.0.0.5:8080`, the least important part of a connection.
  case localEnd
  /// Cuts the middle of the address of `[2001:db8::1]:443`.
  case peer
  /// Cuts the middle of `2001:db8::1`.
  case address
  /// Cuts `10.0.0.5:8080 → [2001:db8::1]:443`: the local address first, then the peer's.
  case bothEnds
  /// Cuts `java[1744] fd 23, and 3 more`: the text after the pid first, then the end of the name. In
  /// `java[1744] +3`, the number of further processes stays.
  case owner

  private static let ellipsis = Array("…".utf8)
  private static let arrow = Array(" → ".utf8)

  /// Cuts the part of `text` after `start` to `width` columns if it is wider.
  ///
  /// - Returns: the resulting width in columns.
  package func cut(_ text: inout [UInt8], from start: Int, to width: Int) -> Int {
    let natural = Self.width(of: text[start...])
    guard natural > width, width > 0 else { return natural }
    let whole = text[start...]
    let short: [UInt8] =
      switch self {
      case .end: Self.withoutEnd(whole, to: width)
      case .localEnd: Self.port(of: whole)
      case .peer: Self.withoutMiddle(whole, to: width)
      case .address: Self.middle(of: whole, to: width)
      case .bothEnds: Self.bothEnds(whole, to: width)
      case .owner: Self.owner(whole, to: width)
      }
    text.replaceSubrange(start..., with: short)
    return Self.width(of: short[...])
  }

  /// The width in columns of `text`, which is already escaped.
  package static func width(of text: ArraySlice<UInt8>) -> Int {
    text.allSatisfy { $0 < 0x80 } ? text.count : EscapedText.width(of: text)
  }

  private static func withoutEnd(_ text: ArraySlice<UInt8>, to width: Int) -> [UInt8] {
    var kept: [UInt8] = []
    var used = 0
    var isInNumber = false
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let next = EscapedText.width(of: scalar)
      isInNumber = isDigit(scalar)
      guard used + next < width else { break }
      kept.append(contentsOf: String(scalar).utf8)
      used += next
    }
    // A truncated number would read as a different number.
    let digits = kept.reversed().prefix { isDigit(Unicode.Scalar($0)) }.count
    if isInNumber, digits < kept.count { kept.removeLast(digits) }
    return kept + ellipsis
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// `:8080`.
  private static func port(of end: ArraySlice<UInt8>) -> [UInt8] {
    guard let colon = end.lastIndex(of: UInt8(ascii: ":")) else { return Array(end) }
    return Array(end[colon...])
  }

  /// The fewest columns in which a shortened address is still recognizable.
  private static let minimumAddressWidth = 7

  private static func withoutMiddle(_ end: ArraySlice<UInt8>, to width: Int) -> [UInt8] {
    let port = port(of: end)
    let address = end.dropLast(port.count)
    let room = width - port.count
    guard room >= minimumAddressWidth else { return port }
    guard address.count > room else { return Array(end) }
    return middle(of: address, to: room) + port
  }

  /// The start and the end of `address`, which is wider than `width`.
  private static func middle(of address: ArraySlice<UInt8>, to width: Int) -> [UInt8] {
    let tail = (width - 1) / 2
    return address.prefix(width - 1 - tail) + ellipsis + address.suffix(tail)
  }

  private static func bothEnds(_ text: ArraySlice<UInt8>, to width: Int) -> [UInt8] {
    guard let separator = text.firstRange(of: arrow) else { return withoutEnd(text, to: width) }
    let local = port(of: text[..<separator.lowerBound])
    // The text after the peer, such as a network namespace, stays.
    let remainder = text[separator.upperBound...]
    let peer = remainder.prefix { $0 != UInt8(ascii: " ") }
    let rest = remainder[peer.endIndex...]
    let room = width - local.count - 3 - Self.width(of: rest)
    let short = peer.count > room ? withoutMiddle(peer, to: room) : Array(peer)
    return local + arrow + short + rest
  }

  private static func owner(_ text: ArraySlice<UInt8>, to width: Int) -> [UInt8] {
    guard let pid = pid(in: text) else { return withoutEnd(text, to: width) }
    let name = text[..<pid.lowerBound]
    let nameWidth = Self.width(of: name)
    if nameWidth + pid.count < width { return withoutEnd(text, to: width) }
    let room = width - pid.count
    if nameWidth <= room { return Array(text[..<pid.upperBound]) }
    guard room > 1 else { return Array(text[pid]) }
    return withoutEnd(name, to: room) + text[pid]
  }

  /// The length of a count of further processes, such as ` +3`, at the start of `text`.
  private static func othersLength(in text: ArraySlice<UInt8>) -> Int {
    guard text.starts(with: " +".utf8) else { return 0 }
    let digits = text.dropFirst(2).prefix { isDigit(Unicode.Scalar($0)) || $0 == UInt8(ascii: ",") }
    return digits.isEmpty ? 0 : 2 + digits.count
  }

  /// The range of a pid such as `[1744]`, with the count of further processes in `[1744] +3`.
  private static func pid(in text: ArraySlice<UInt8>) -> Range<Int>? {
    var start = text.startIndex
    while let open = text[start...].firstIndex(of: UInt8(ascii: "[")) {
      let digits = text[(open + 1)...].prefix { isDigit(Unicode.Scalar($0)) }
      if !digits.isEmpty, digits.endIndex < text.endIndex,
        text[digits.endIndex] == UInt8(ascii: "]")
      {
        let end = digits.endIndex + 1
        return open..<end + othersLength(in: text[end...])
      }
      start = open + 1
    }
    return nil
  }
}
