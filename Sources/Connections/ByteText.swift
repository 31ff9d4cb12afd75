/// Numbers of bytes as options, policy files and tables write them: `812`, `64k`, `1.2k`, `48M`.
///
/// The units are binary: `k` is 1024 bytes.
public enum ByteText {
  private static let units = Array("kMGTPE".utf8)

  /// Appends the number in at most five characters: `812`, `1.2k`, `48M`.
  ///
  /// It rounds down: `1.2k` means at least 1.2k, and ``parse(_:)`` returns the smallest such number.
  public static func appendRounded(_ count: UInt64, to text: inout [UInt8]) {
    guard count >= 1024 else { return text.appendDecimal(count) }
    let unit = (63 - count.leadingZeroBitCount) / 10
    let shift = UInt64(10 * unit)
    let whole = count >> shift
    text.appendDecimal(whole)
    if whole < 10 {
      let rest = count & (1 << shift - 1)
      let (high, low) = rest.multipliedFullWidth(by: 10)
      text.append(UInt8(ascii: "."))
      text.appendDecimal(high << (64 - shift) | low >> shift)
    }
    text.append(units[unit - 1])
  }

  /// The text of ``appendRounded(_:to:)``.
  public static func rounded(_ count: UInt64) -> String {
    var text: [UInt8] = []
    appendRounded(count, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Parses a whole number, or a number with at most one decimal and a unit.
  public static func parse(_ text: some StringProtocol) throws(ByteProblem) -> UInt64 {
    var digits = Array(text.utf8)[...]
    var shift: UInt64 = 0
    if let last = digits.last {
      // A small k and a capital K are both common.
      let unit = units.firstIndex(of: last == UInt8(ascii: "K") ? UInt8(ascii: "k") : last)
      if let unit {
        digits.removeLast()
        shift = UInt64(10 * (unit + 1))
      }
    }
    var tenths: UInt64 = 0
    if shift > 0, let tenth = digits.last, digits.dropLast().last == UInt8(ascii: ".") {
      guard tenth.isDecimalDigit else { throw .notANumber }
      tenths = UInt64(tenth - UInt8(ascii: "0"))
      digits.removeLast(2)
    }
    guard !digits.isEmpty, digits.allSatisfy(\.isDecimalDigit) else { throw .notANumber }
    let whole = String(decoding: digits, as: UTF8.self)
    guard !LeadingZero.starts(whole) else { throw .leadingZero(length: digits.count) }
    guard let number = UInt64(whole), number <= UInt64.max >> shift else { throw .tooLarge }
    // Less than a unit, so the sum cannot overflow.
    let scaled = tenths << shift
    return number << shift + scaled / 10 + (scaled % 10 > 0 ? 1 : 0)
  }
}

/// Why a text is not a number of bytes.
public enum ByteProblem: Error, Equatable, Sendable {
  /// Not a number with an optional unit.
  case notANumber
  /// The number, whose digits are this many bytes long, has a leading zero.
  case leadingZero(length: Int)
  /// More than 64 bits can hold.
  case tooLarge
}
