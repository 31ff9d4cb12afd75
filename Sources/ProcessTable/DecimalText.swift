internal import Connections

extension Span<UInt8> {
  /// The number in the bytes of `range`, in the kernel's format; otherwise nil.
  ///
  /// The format is digits only, at least one, without a leading zero, and at most 32 bits.
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

  /// The number in the bytes before the first zero byte, at most `Int32.max`; otherwise nil.
  var decimalName: Int32? {
    var end = 0
    while end < count, self[end] != 0 { end += 1 }
    return decimal(in: 0..<end).flatMap(Int32.init(exactly:))
  }
}
