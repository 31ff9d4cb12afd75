internal import Connections

/// Texts as YAML scalars on one line.
enum YAMLScalar {
  /// `text` as a scalar: plain if no YAML reader takes it for anything but a text, otherwise quoted.
  ///
  /// - Parameter mayBeNumber: whether a number may stay plain, as in `port: 8080`.
  static func written(_ text: String, mayBeNumber: Bool = false) -> String {
    let scalars = text.unicodeScalars
    if isPlain(text, mayBeNumber: mayBeNumber) { return text }
    let isVerbatim = !scalars.contains(where: needsEscape)
    // Without escapes, single quotes keep the backslashes of `my\x2dapp.service` readable.
    if isVerbatim, scalars.contains("\\") || scalars.contains("\"") {
      return quoted(scalars, by: "'") { $0 == "'" ? "''" : nil }
    }
    return quoted(scalars, by: "\"") { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      default: needsEscape(scalar) ? escape(scalar) : nil
      }
    }
  }

  /// The scalars between two of `quote`, with some replaced.
  ///
  /// Characters would not do: a quote and a combining mark behind it are one.
  private static func quoted(
    _ scalars: String.UnicodeScalarView, by quote: Unicode.Scalar,
    replacing replacement: (Unicode.Scalar) -> String?
  ) -> String {
    var text = String.UnicodeScalarView([quote])
    for scalar in scalars {
      if let new = replacement(scalar) {
        text.append(contentsOf: new.unicodeScalars)
      } else {
        text.append(scalar)
      }
    }
    text.append(quote)
    return String(text)
  }

  /// Words that some YAML readers take for a Boolean or for nothing.
  private static let reserved: Set<String> = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null",
  ]

  private static func isPlain(_ text: String, mayBeNumber: Bool) -> Bool {
    let bytes = text.utf8
    guard let first = bytes.first, first.isLetterOrDigit || first == UInt8(ascii: "/"),
      bytes.last != UInt8(ascii: ":"), !reserved.contains(text.lowercased()),
      bytes.allSatisfy({ $0.isLetterOrDigit || "._/:@%+-".utf8.contains($0) })
    else { return false }
    return first.isDecimalDigit ? mayBeNumber || !mayBeNumeric(text) : true
  }

  /// Whether a YAML reader could take `text`, which starts with a digit, for a number or a date.
  private static func mayBeNumeric(_ text: String) -> Bool {
    ["0x", "0X", "0o", "0b"].contains(where: text.hasPrefix)
      || text.utf8.allSatisfy { $0.isDecimalDigit || "eE_.:+-".utf8.contains($0) }
        && text.utf8.count { $0 == UInt8(ascii: ".") } < 2
  }

  /// Whether the character would be invisible, would change the line, or is not allowed in a file.
  private static func needsEscape(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
    default: !PolicySource.isAllowed(scalar)
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    let (letter, length) = scalar.value > 0xffff ? ("U", 8) : ("u", 4)
    return "\\" + letter + String(repeating: "0", count: length - digits.utf8.count) + digits
  }
}

extension UInt8 {
  /// Whether it is an ASCII letter or digit.
  fileprivate var isLetterOrDigit: Bool {
    isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20)
  }
}
