import Connections

/// One item of a comma-separated list, with its position.
struct ValueItem {
  let key: SelectionKey
  let value: String
  /// The position of the item in UTF-8 offsets of `value`, without surrounding spaces.
  let range: Range<Int>

  /// The item as text.
  var text: Substring { text(range) }

  /// The part of `value` in `range`, whose bounds must not split a UTF-8 character.
  func text(_ range: Range<Int>) -> Substring {
    let start = value.utf8.index(value.startIndex, offsetBy: range.lowerBound)
    let end = value.utf8.index(start, offsetBy: range.count)
    return value[start..<end]
  }

  /// The offset in `value` of the first occurrence of an ASCII character in the item.
  func offset(of character: UInt8) -> Int? {
    text.utf8.firstIndex(of: character).map {
      value.utf8.distance(from: value.startIndex, to: $0)
    }
  }

  /// A problem with the item, or with `part` of it.
  func problem(
    _ kind: SelectionProblem.Kind, at part: Range<Int>? = nil, suggestion: String? = nil
  ) -> SelectionProblem {
    SelectionProblem(
      key: key, value: value, kind: kind, range: part ?? range, suggestion: suggestion)
  }

  /// Converts a range in the item to offsets of `value`.
  func inValue(_ part: Range<Int>) -> Range<Int> {
    part.lowerBound + range.lowerBound..<part.upperBound + range.lowerBound
  }

  /// Rejects a decimal number with a leading zero.
  func checkLeadingZero(at part: Range<Int>? = nil) throws(SelectionProblem) {
    let part = part ?? range
    if LeadingZero.starts(text(part)) { throw problem(.leadingZero, at: part) }
  }

  /// Splits a comma-separated list; there is at least one item, and none is empty.
  ///
  /// A comma inside the brackets of a pattern is not a separator. In a list of paths, only a comma
  /// before a `/` is one.
  static func items(
    of value: String, for key: SelectionKey
  ) throws(SelectionProblem) -> [ValueItem] {
    let bytes = Array(value.utf8)
    var items: [ValueItem] = []
    var start = 0
    var position = 0
    while position <= bytes.count {
      if position == bytes.count
        || bytes[position] == UInt8(ascii: ",") && isSeparator(position, in: bytes, for: key)
      {
        let range = trimmed(start..<position, of: bytes)
        guard !range.isEmpty else {
          // An empty item has no text to point at: report the comma after or before it.
          let comma = position < bytes.count ? position : start - 1
          throw SelectionProblem(
            key: key, value: value, kind: .missing,
            range: comma < 0 ? 0..<bytes.count : comma..<comma + 1, suggestion: nil)
        }
        items.append(ValueItem(key: key, value: value, range: range))
        start = position + 1
      } else if key == .process || key == .command || key == .unit {
        position = Glob.endOfElement(in: bytes, from: position) - 1
      }
      position += 1
    }
    return items
  }

  private static func isSeparator(
    _ comma: Int, in bytes: [UInt8], for key: SelectionKey
  ) -> Bool {
    guard key == .cgroup else { return true }
    let next = bytes[(comma + 1)...].first { $0 != UInt8(ascii: " ") }
    return next == nil || next == UInt8(ascii: "/") || next == UInt8(ascii: ",")
  }

  private static func trimmed(_ range: Range<Int>, of bytes: [UInt8]) -> Range<Int> {
    func isSpace(_ index: Int) -> Bool { bytes[index] == UInt8(ascii: " ") }
    guard let first = range.first(where: { !isSpace($0) }),
      let last = range.last(where: { !isSpace($0) })
    else { return range.lowerBound..<range.lowerBound }
    return first..<last + 1
  }
}

extension StringProtocol {
  /// Whether it consists of one or more ASCII digits.
  var isDigits: Bool { !isEmpty && utf8.allSatisfy(\.isDecimalDigit) }
}

extension UInt8 {
  /// Whether it is an ASCII hexadecimal digit, in either case.
  var isHexadecimalDigit: Bool {
    isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self | 0x20)
  }
}
