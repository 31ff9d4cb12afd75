/// A line of the user's text, and below it what in it is meant: `^~~~`.
struct Caret {
  let text: String

  /// Points at the octets `range` of the part of `line` that starts at octet `start`.
  init(line: String, at range: Range<Int>, from start: Int = 0) {
    let bytes = Array(line.utf8)
    let lower = min(start + range.lowerBound, bytes.count)
    let upper = min(max(lower, start + range.upperBound), bytes.count)
    let before = EscapedText.width(of: Self.escaped(bytes[..<lower]))
    let marked = max(1, EscapedText.width(of: Self.escaped(bytes[lower..<upper])))
    text =
      String(decoding: Self.escaped(bytes[...]), as: UTF8.self) + "\n"
      + String(repeating: " ", count: before) + "^" + String(repeating: "~", count: marked - 1)
  }

  private static func escaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var output: [UInt8] = []
    EscapedText.append(String(decoding: bytes, as: UTF8.self), to: &output)
    return output
  }
}
