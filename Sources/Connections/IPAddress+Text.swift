extension IPAddress: CustomStringConvertible {
  /// The canonical text: dotted decimal, or RFC 5952.
  public var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(39)
    appendText(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the canonical text in ASCII, without creating a string.
  public func appendText(to text: inout [UInt8]) {
    switch family {
    case .ipv4: Self.appendDotted(UInt32(truncatingIfNeeded: bits), to: &text)
    case .ipv6: appendHexadecimal(to: &text)
    }
  }

  private static func appendDotted(_ value: UInt32, to text: inout [UInt8]) {
    for shift in stride(from: 24, through: 0, by: -8) {
      if shift != 24 { text.append(UInt8(ascii: ".")) }
      text.appendDecimal(UInt64(UInt8(truncatingIfNeeded: value >> UInt32(shift))))
    }
  }

  /// RFC 5952: the first longest run of two or more zero groups becomes `::`.
  private func appendHexadecimal(to text: inout [UInt8]) {
    if isV4OrMapped {
      text.append(contentsOf: "::ffff:".utf8)
      Self.appendDotted(UInt32(truncatingIfNeeded: bits), to: &text)
      return
    }
    let zeros = longestZeroRun
    var index = 0
    while index < 8 {
      if index == zeros.lowerBound, zeros.count >= 2 {
        text.append(contentsOf: "::".utf8)
        index = zeros.upperBound
        continue
      }
      if index > 0, index != zeros.upperBound || zeros.count < 2 {
        text.append(UInt8(ascii: ":"))
      }
      text.appendHexadecimal(UInt64(group(index)))
      index += 1
    }
  }

  private var longestZeroRun: Range<Int> {
    var longest = 0..<0
    var start = 0
    for index in 0...8 where index == 8 || group(index) != 0 {
      if index - start > longest.count { longest = start..<index }
      start = index + 1
    }
    return longest
  }

  private func group(_ index: Int) -> UInt16 {
    UInt16(truncatingIfNeeded: bits >> UInt128(16 * (7 - index)))
  }
}

extension [UInt8] {
  /// Appends `value` in decimal ASCII digits.
  public mutating func appendDecimal(_ value: UInt64) {
    let limit: UInt64 = 100_000_000
    guard value >= limit else {
      return appendDigits(UInt32(truncatingIfNeeded: value), atLeast: 1)
    }
    appendDecimal(value / limit)
    appendDigits(UInt32(truncatingIfNeeded: value % limit), atLeast: 8)
  }

  /// Appends at most eight digits, collected in one word.
  private mutating func appendDigits(_ value: UInt32, atLeast minimum: Int) {
    var rest = value
    var octets: UInt64 = 0
    var count = 0
    repeat {
      octets = octets << 8 | UInt64(UInt8(ascii: "0")) + UInt64(rest % 10)
      rest /= 10
      count += 1
    } while rest > 0 || count < minimum
    for _ in 0..<count {
      append(UInt8(truncatingIfNeeded: octets))
      octets >>= 8
    }
  }

  /// Appends `value` in lower-case hexadecimal ASCII digits, without leading zeros.
  public mutating func appendHexadecimal(_ value: UInt64) {
    var shift = 60
    while shift > 0, value >> UInt64(shift) == 0 { shift -= 4 }
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(shift)) & 0xf
      append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      shift -= 4
    }
  }
}
