/// A line of the user's text, and below it what in it is meant: `^~~~`.
package struct Caret {
  package let text: String

  /// Points at the octets `range` of the part of `line` that starts at octet `start`.
  package init(line: String, at range: Range<Int>, from start: Int = 0) {
    let whole = Array(line.utf8)
    let place = min(start + range.lowerBound, whole.count)
    let end = min(max(place, start + range.upperBound), whole.count)
    // Of a long line, what is near.
    let first = Self.cut(whole, at: place <= Self.before ? 0 : place - Self.before)
    let last = Self.cut(whole, at: min(whole.count, first + Self.longest))
    let lead = first > 0 ? Array("…".utf8) : []
    let bytes = lead + whole[first..<last] + (last < whole.count ? Array("…".utf8) : [])
    let lower = lead.count + place - first
    let upper = max(lower, min(lead.count + end - first, bytes.count))
    let before = EscapedText.width(of: Self.escaped(bytes[..<lower]))
    let marked = max(1, EscapedText.width(of: Self.escaped(bytes[lower..<upper])))
    text =
      String(decoding: Self.escaped(bytes[...]), as: UTF8.self) + "\n"
      + String(repeating: " ", count: before) + "^" + String(repeating: "~", count: marked - 1)
  }

  /// How many octets of a line are shown, and how many of them before what is meant.
  private static let (longest, before) = (160, 80)

  /// The start of the character that `index` is in.
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
