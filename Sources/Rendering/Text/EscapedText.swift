package import Connections

/// Makes text that a process, a peer or a file chose safe to print.
///
/// Nothing in it can move the cursor, start a line, change the direction of writing or hide: such
/// characters become `\x1b`, `\u{202e}` and the like. A backslash is doubled only where it could be
/// taken for one of those, so that the escaped text says unmistakably what the name was, and most
/// names with a backslash (`CORP\alice`) can be copied as they are.
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

  /// Appends `name`, escaped; a byte that is not part of UTF-8 is written as in `\xff`.
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

  /// Whether a backslash before `rest` could be taken for the start of an escape, or be one with it.
  private static func isAmbiguous(before rest: Substring.UnicodeScalarView) -> Bool {
    guard let next = rest.first else { return false }
    switch next {
    case "\\": return true
    case "u": return rest.dropFirst().first == "{"
    case "x":
      // Control characters and stray bytes are written so: 00 to 1f, 7f to ff. A systemd unit has
      // escapes of its own, such as `\x2d`.
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

  /// The escaped text of a message that has lines of its own.
  package static func lines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { escaped(String($0)) }.joined(separator: "\n")
  }

  /// Whether a scalar beyond ASCII shows as itself and leaves the others alone.
  static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .nonspacingMark, .enclosingMark, .spacingMark:
      false
    case .spaceSeparator: false
    default: true
    }
  }

  /// How many columns of a terminal `text` takes, of which nothing needs escaping.
  package static func width(of text: some Sequence<UInt8>) -> Int {
    var bytes = text.makeIterator()
    var decoder = UTF8()
    var width = 0
    while case .scalarValue(let scalar) = decoder.decode(&bytes) { width += self.width(of: scalar) }
    return width
  }

  /// How many columns of a terminal the visible `scalar` takes: 2 for wide ones, else 1.
  package static func width(of scalar: Unicode.Scalar) -> Int {
    scalar.value < 0x1100 ? 1 : WideCharacters.contain(scalar) ? 2 : 1
  }
}
