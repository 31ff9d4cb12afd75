/// How a piece of text looks on a terminal: colour only adds to what the words say.
package enum Style: String {
  /// A heading.
  case bold = "1"
  /// Of less interest.
  case dim = "2"
  /// Harm: a failure.
  case red = "31"
  /// All well.
  case green = "32"
  /// Worth a look: a leak.
  case yellow = "33"

  /// Appends what `fill` appends, in this style when `isOn`.
  package static func append(
    _ style: Style?, isOn: Bool, to output: inout [UInt8], _ fill: (inout [UInt8]) -> Void
  ) {
    guard isOn, let style else {
      fill(&output)
      return
    }
    output.append(contentsOf: "\u{1b}[\(style.rawValue)m".utf8)
    fill(&output)
    output.append(contentsOf: "\u{1b}[0m".utf8)
  }

  /// `text` in this style when `isOn`.
  package func text(_ text: String, isOn: Bool) -> String {
    isOn ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text
  }
}
