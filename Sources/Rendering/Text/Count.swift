import Connections

/// Numbers as readers expect them.
package enum Count {
  /// The number with thousands separators: `1,204`.
  package static func text(_ count: Int) -> String {
    var text = ""
    let digits = String(count)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// The number with its sign, `+3` or `-2`; nil for zero.
  package static func difference(_ count: Int) -> String? {
    guard count != 0 else { return nil }
    return (count < 0 ? "-" : "+") + text(abs(count))
  }

  /// A number of bytes with a binary unit, in at most five characters: `812`, `1.2k`, `48M`.
  package static func bytes(_ count: UInt64) -> String { ByteText.rounded(count) }

  /// The plural ending of a regular noun: `s`, or nothing for 1.
  package static func plural(_ count: Int) -> String { count == 1 ? "" : "s" }
}
