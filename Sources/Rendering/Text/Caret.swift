/// A line of the user's text, with `^~~~` below the part at fault.
package struct Caret {
  package let text: String

  /// Marks the bytes `range` of `line`, counted from byte `start`.
  package init(line: String, at range: Range<Int>, from start: Int = 0) {
    let whole = Array(line.utf8)
    let position = min(start + range.lowerBound, whole.count)
    let end = min(max(position, start + range.upperBound), whole.count)
    // Show only the surroundings in a long line.
    let first = Self.cut(whole, at: max(0, position - Self.maximumBefore))
    let last = Self.cut(whole, at: min(whole.count, first + Self.maximumLength))
    let lead = first > 0 ? Array("…".utf8) : []
    let bytes = lead + whole[first..<last] + (last < whole.count ? Array("…".utf8) : [])
    let lower = lead.count + position - first
    let upper = max(lower, min(lead.count + end - first, bytes.count))
    let before = EscapedText.width(of: Self.escaped(bytes[..<lower]))
    let marked = max(1, EscapedText.width(of: Self.escaped(bytes[lower..<upper])))
    text =
      String(decoding: Self.escaped(bytes[...]), as: UTF8.self) + "\n"
      + String(repeating: " ", count: before) + "^" + String(repeating: "~", count: marked - 1)
  }

  /// The maximum number of bytes shown, in total and before the mark.
  private static let (maximumLength, maximumBefore) = (160, 80)

  /// The start of the character that contains byte `index`.
  private static func cut(_ bytes: [UInt8], at index: Int) -> Int {
    var index = index
    while index > 0, index < bytes.count, bytes[index] & 0xc0 == 0x80 { index -= 1 }
    return index
  }

  private static func escaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    EscapedText.append(String(decoding: bytes, as: UTF8.self), to: &output)
    return output
  }
}
