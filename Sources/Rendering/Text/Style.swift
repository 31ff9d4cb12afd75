/// The style of text on a terminal. Colour only adds to the words.
package enum Style: String {
  /// A heading.
  case bold = "1"
  /// Less important.
  case dim = "2"
  /// A failure.
  case red = "31"
  /// Success.
  case green = "32"
  /// Worth attention, such as a leak.
  case yellow = "33"

  /// Appends what `fill` appends, in `style` if `isOn`.
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

  /// `text`, in this style if `isOn`.
  package func text(_ text: String, isOn: Bool) -> String {
    isOn ? "\u{1b}[\(rawValue)m\(text)\u{1b}[0m" : text
  }
}
