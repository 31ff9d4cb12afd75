/// How a cell is shortened that is wider than its column. A port, a pid and a number are never cut.
package enum CellCut: Sendable {
  /// Its end is left out.
  case end
  /// Of `10.0.0.5:8080`, the address is left out: a local end is the least important.
  case localEnd
  /// Of `[2001:db8::1]:443`, the middle of the address is left out.
  case peer
  /// Of `10.0.0.5:8080 → [2001:db8::1]:443`, first the one and then the other.
  case bothEnds
  /// Of `java[1744] fd 23, and 3 more`, first what follows the pid, then the end of the name.
  case owner

  private static let ellipsis = Array("…".utf8)
  private static let arrow = Array(" → ".utf8)

  /// Cuts what stands in `text` from `start` on to `width` columns, if it is wider.
  ///
  /// - Returns: how wide it is now.
  package func cut(_ text: inout [UInt8], from start: Int, to width: Int) -> Int {
    let natural = Self.width(of: text[start...])
    guard natural > width, width > 0 else { return natural }
    let whole = text[start...]
    let short: [UInt8] =
      switch self {
      case .end: Self.withoutEnd(whole, to: width)
      case .localEnd: Self.port(of: whole)
      case .peer: Self.withoutMiddle(whole, to: width)
      case .bothEnds: Self.bothEnds(whole, to: width)
      case .owner: Self.owner(whole, to: width)
      }
    text.replaceSubrange(start..., with: short)
    return Self.width(of: short[...])
  }

  /// How many columns `text` takes, of which nothing needs escaping.
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
    // Part of a number would be another one.
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

  /// With fewer columns than that nothing is left of an address that could be recognized.
  private static let fewest = 7

  private static func withoutMiddle(_ end: ArraySlice<UInt8>, to width: Int) -> [UInt8] {
    let port = port(of: end)
    let address = end.dropLast(port.count)
    let room = width - port.count
    guard room >= fewest else { return port }
    guard address.count > room else { return Array(end) }
    let tail = (room - 1) / 2
    return address.prefix(room - 1 - tail) + ellipsis + address.suffix(tail) + port
  }

  private static func bothEnds(_ text: ArraySlice<UInt8>, to width: Int) -> [UInt8] {
    guard let place = text.firstRange(of: arrow) else { return withoutEnd(text, to: width) }
    let local = port(of: text[..<place.lowerBound])
    // What follows the peer, such as the name of a network namespace, stays.
    let behind = text[place.upperBound...]
    let peer = behind.prefix { $0 != UInt8(ascii: " ") }
    let rest = behind[peer.endIndex...]
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

  /// Where `[1744]` is.
  private static func pid(in text: ArraySlice<UInt8>) -> Range<Int>? {
    var start = text.startIndex
    while let open = text[start...].firstIndex(of: UInt8(ascii: "[")) {
      let digits = text[(open + 1)...].prefix { isDigit(Unicode.Scalar($0)) }
      if !digits.isEmpty, digits.endIndex < text.endIndex,
        text[digits.endIndex] == UInt8(ascii: "]")
      {
        return open..<digits.endIndex + 1
      }
      start = open + 1
    }
    return nil
  }
}
