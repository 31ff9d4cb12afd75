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

  /// A number per `unit`, given its change over `time`: `+12`, `-0.5`; nil for zero or an unknown time.
  package static func rate(_ change: Int, per unit: UInt64, in time: UInt64) -> String? {
    guard change != 0, time > 0 else { return nil }
    let rate = Double(abs(change)) * Double(unit) / Double(time)
    let sign = change < 0 ? "-" : "+"
    guard rate < 9.95 else { return sign + text(Int(rate.rounded())) }
    let tenths = Int((rate * 10).rounded())
    return tenths == 0 ? sign + "<0.1" : "\(sign)\(tenths / 10).\(tenths % 10)"
  }

  /// A number of bytes with a binary unit, in at most five characters: `812`, `1.2k`, `48M`.
  package static func bytes(_ count: UInt64) -> String { ByteText.rounded(count) }

  /// The plural ending of a regular noun: `s`, or nothing for 1.
  package static func plural(_ count: Int) -> String { count == 1 ? "" : "s" }
}
