internal import Connections

extension Span<UInt8> {
  /// The number that the octets of `range` are, as the kernel writes one; otherwise nil.
  ///
  /// So: digits only, at least one, no leading zero, and at most 32 bits.
  func decimal(in range: Range<Int>) -> UInt32? {
    guard !range.isEmpty, range.count == 1 || self[range.lowerBound] != UInt8(ascii: "0") else {
      return nil
    }
    var number: UInt32 = 0
    for index in range {
      let octet = self[index]
      guard octet.isDecimalDigit else { return nil }
      let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = tens.addingReportingOverflow(UInt32(octet - UInt8(ascii: "0")))
      guard !overflow, !sumOverflow else { return nil }
      number = sum
    }
    return number
  }

  /// The number that the octets before the first zero octet are; at most `Int32.max`.
  var decimalName: Int32? {
    var end = 0
    while end < count, self[end] != 0 { end += 1 }
    return decimal(in: 0..<end).flatMap(Int32.init(exactly:))
  }
}
