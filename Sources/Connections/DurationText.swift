/// Durations as options, policy files and tables write them: `500ms`, `90s`, `1h30m`, `7d`.
///
/// All are whole milliseconds, the kernel's unit for connection times.
public enum DurationText {
  private static let units: [(name: String, milliseconds: UInt64)] = [
    ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
  ]

  /// Parses a duration: one or more whole numbers, each with a unit, larger units first.
  ///
  /// The first number must not have a leading zero: `010m` could be meant as octal. Later numbers
  /// may, as in `1h05m`, which is how tables print durations.
  ///
  /// - Returns: milliseconds.
  /// - Throws: ``DurationProblem`` with the invalid part of `text`.
  public static func parse(_ text: some StringProtocol) throws(DurationProblem) -> UInt64 {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else { throw DurationProblem(.empty, at: 0..<0) }
    if bytes[0] == UInt8(ascii: "-") { throw DurationProblem(.negative, at: 0..<bytes.count) }
    var total: UInt64 = 0
    var lastUnit = -1
    var position = 0
    while position < bytes.count {
      let numberStart = position
      position = bytes[position...].firstIndex { !$0.isDecimalDigit } ?? bytes.count
      guard position > numberStart else {
        throw DurationProblem(.notANumber, at: numberStart..<numberStart + 1)
      }
      let numberRange = numberStart..<position
      let digits = String(decoding: bytes[numberRange], as: UTF8.self)
      guard numberStart > 0 || !LeadingZero.starts(digits) else {
        throw DurationProblem(.leadingZero(digits), at: numberRange)
      }
      guard let number = UInt64(digits) else {
        throw DurationProblem(.tooLong, at: numberRange)
      }
      let unitStart = position
      position = bytes[position...].firstIndex { $0.isDecimalDigit } ?? bytes.count
      let name = String(decoding: bytes[unitStart..<position], as: UTF8.self)
      guard !name.isEmpty else {
        throw DurationProblem(.missingUnit(number: number), at: numberRange)
      }
      guard let unit = units.firstIndex(where: { $0.name == name }) else {
        throw DurationProblem(.unknownUnit(name), at: unitStart..<position)
      }
      guard unit > lastUnit else {
        throw DurationProblem(.unitOutOfOrder(name), at: unitStart..<position)
      }
      lastUnit = unit
      let (part, overflow) = number.multipliedReportingOverflow(by: units[unit].milliseconds)
      let (sum, sumOverflow) = total.addingReportingOverflow(part)
      guard !overflow, !sumOverflow, sum <= UInt64(Int64.max) else {
        throw DurationProblem(.tooLong, at: numberStart..<position)
      }
      total = sum
    }
    return total
  }

  /// The shortest exact text: ``parse(_:)`` returns the same number.
  public static func exact(milliseconds: UInt64) -> String {
    guard milliseconds > 0 else { return "0s" }
    var rest = milliseconds
    var text = ""
    for unit in units where rest >= unit.milliseconds {
      text += "\(rest / unit.milliseconds)\(unit.name)"
      rest %= unit.milliseconds
    }
    return text
  }

  /// Appends the two largest units: at most six characters up to 99 days.
  ///
  /// It rounds down: `1h00m` means at least an hour.
  public static func appendRounded(milliseconds: UInt64, to text: inout [UInt8]) {
    func append(_ value: UInt64, _ unit: StaticString, padded: Bool = false) {
      if padded, value < 10 { text.append(UInt8(ascii: "0")) }
      text.appendDecimal(value)
      text.append(contentsOf: unit.description.utf8)
    }
    let seconds = milliseconds / 1000
    switch seconds {
    case 0: append(milliseconds, "ms")
    case 1..<60: append(seconds, "s")
    case 60..<3600:
      append(seconds / 60, "m")
      append(seconds % 60, "s", padded: true)
    case 3600..<86_400:
      append(seconds / 3600, "h")
      append(seconds % 3600 / 60, "m", padded: true)
    default:
      append(seconds / 86_400, "d")
      append(seconds % 86_400 / 3600, "h", padded: true)
    }
  }

  /// The text of ``appendRounded(milliseconds:to:)``.
  public static func rounded(milliseconds: UInt64) -> String {
    var text: [UInt8] = []
    appendRounded(milliseconds: milliseconds, to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}

/// Why a text is not a duration, and which part is invalid.
public struct DurationProblem: Error, Equatable, Sendable {
  /// The kind of problem.
  public let kind: Kind
  /// The invalid part, in UTF-8 offsets of the text.
  public let range: Range<Int>

  init(_ kind: Kind, at range: Range<Int>) {
    self.kind = kind
    self.range = range
  }

  /// The kinds of problem.
  public enum Kind: Equatable, Sendable {
    /// The text is empty.
    case empty
    /// It starts with a minus sign.
    case negative
    /// A number was expected here.
    case notANumber
    /// The first number has a leading zero.
    case leadingZero(String)
    /// The number has no unit.
    case missingUnit(number: UInt64)
    /// The unit does not exist.
    case unknownUnit(String)
    /// The unit is repeated, or larger than the one before it.
    case unitOutOfOrder(String)
    /// The duration exceeds 292 million years.
    case tooLong
  }
}

extension DurationProblem: CustomStringConvertible {
  /// The message for a user, with the remedy.
  public var description: String {
    switch kind {
    case .empty: "missing duration; write 90s, 10m, 1h30m or 7d"
    case .negative: "a duration cannot be negative"
    case .notANumber: "a duration must start with a whole number, such as 90s, 10m, 1h30m or 7d"
    case .leadingZero(let digits): LeadingZero.message(digits)
    case .missingUnit(let number):
      "a duration needs a unit: \"\(number)\"; write \(number)s, \(number)m or \(number)h"
    case .unknownUnit(let unit):
      "unknown unit \(unit.quoted); use ms, s, m (minutes), h or d"
    case .unitOutOfOrder(let unit):
      "unit \(unit.quoted) cannot follow the same or a smaller unit; write 1h30m, not 30m1h"
    case .tooLong: "the duration is too long"
    }
  }
}

extension UInt8 {
  /// Whether the byte is an ASCII digit.
  public var isDecimalDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
}
