package import Connections

/// Escapes text chosen by a process, a peer or a file, so that it is safe to print.
///
/// Characters that move the cursor, start a line, change the text direction or are invisible become
/// `\x1b`, `\u{202e}` and so on. A backslash is doubled only if it could be taken for such an
/// escape. The result is therefore unambiguous, and most names with a backslash (`CORP\alice`) stay
/// as they are.
package enum EscapedText {
  /// Appends `text`, escaped, in UTF-8.
  package static func append(_ text: String, to output: inout [UInt8]) {
    let scalars = text.unicodeScalars
    for index in scalars.indices {
      let scalar = scalars[index]
      switch scalar.value {
      case 0x5c:
        output.append(UInt8(scalar.value))
        if isAmbiguous(before: scalars[scalars.index(after: index)...]) {
          output.append(UInt8(scalar.value))
        }
      case 0x20..<0x7f: output.append(UInt8(scalar.value))
      case 0..<0x20, 0x7f:
        output.append(contentsOf: scalar.value < 0x10 ? "\\x0".utf8 : "\\x".utf8)
        output.appendHexadecimal(UInt64(scalar.value))
      case _ where isVisible(scalar): output.append(contentsOf: String(scalar).utf8)
      default:
        output.append(contentsOf: "\\u{".utf8)
        output.appendHexadecimal(UInt64(scalar.value))
        output.append(UInt8(ascii: "}"))
      }
    }
  }

  /// Appends `name`, escaped; a byte that is not valid UTF-8 becomes `\xff`.
  package static func append(_ name: KernelName, to output: inout [UInt8]) {
    if let text = name.exactText { return append(text, to: &output) }
    name.withBytes { bytes in
      var position = 0
      while position < bytes.count {
        let character = NameCharacter(at: position, of: bytes)
        if character.scalar == "\\" {
          output.append(contentsOf: #"\\"#.utf8)
        } else if let scalar = character.scalar {
          append(String(scalar), to: &output)
        } else {
          output.append(contentsOf: "\\x".utf8)
          output.appendHexadecimal(UInt64(bytes[position]))
        }
        position += character.length
      }
    }
  }

  /// The escaped name as a string.
  package static func escaped(_ name: KernelName) -> String {
    var output: [UInt8] = []
    append(name, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Whether a backslash before `rest` could be read as the start of an escape.
  private static func isAmbiguous(before rest: Substring.UnicodeScalarView) -> Bool {
    guard let next = rest.first else { return false }
    switch next {
    case "\\": return true
    case "u": return rest.dropFirst().first == "{"
    case "x":
      // Only control characters and invalid bytes, 00 to 1f and 7f to ff, are escaped this way.
      // Other values, such as `\x2d` in the name of a systemd unit, are not ambiguous.
      let digits = String(String.UnicodeScalarView(rest.dropFirst().prefix(2)))
      guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else { return false }
      return value < 0x20 || value >= 0x7f
    default: return !(0x20..<0x7f).contains(next.value) && !isVisible(next)
    }
  }

  /// The escaped text as a string.
  package static func escaped(_ text: String) -> String {
    var output: [UInt8] = []
    append(text, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// The escaped text of a message with several lines; its newlines stay.
  package static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { escaped(String($0)) }.joined(separator: "\n")
  }

  /// Whether a non-ASCII scalar has a visible form and does not affect its neighbours.
  ///
  /// Without a UTF-8 locale, none is visible.
  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    guard OutputCharacters.allowsUnicodeNames else { return false }
    return switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .nonspacingMark, .enclosingMark, .spacingMark:
      false
    case .spaceSeparator: false
    default: true
    }
  }

  /// The width in terminal columns of `text`, which is already escaped.
  package static func width(of text: some Sequence<UInt8>) -> Int {
    var bytes = text.makeIterator()
    var decoder = UTF8()
    var width = 0
    while case .scalarValue(let scalar) = decoder.decode(&bytes) { width += self.width(of: scalar) }
    return width
  }

  /// The width of the visible `scalar` in terminal columns: 2 if it is wide, otherwise 1.
  package static func width(of scalar: Unicode.Scalar) -> Int {
    scalar.value < 0x1100 ? 1 : WideCharacters.contain(scalar) ? 2 : 1
  }
}
