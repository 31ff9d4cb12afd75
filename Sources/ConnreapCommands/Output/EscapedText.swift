import Connections

/// Makes text that a process, a peer or a file chose safe to print.
///
/// Nothing in it can move the cursor, start a line, change the direction of writing or hide: such
/// characters become `\x1b`, `\u{202e}` and the like, and a backslash is doubled, so that the
/// escaped text says unmistakably what the name was.
enum EscapedText {
  /// Appends `text`, escaped, in UTF-8.
  static func append(_ text: String, to output: inout [UInt8]) {
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x5c: output.append(contentsOf: #"\\"#.utf8)
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
  static func append(_ name: KernelName, to output: inout [UInt8]) {
    if let text = name.exactText { return append(text, to: &output) }
    name.withBytes { bytes in
      var position = 0
      while position < bytes.count {
        let character = NameCharacter(at: position, of: bytes)
        if let scalar = character.scalar {
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
  static func escaped(_ name: KernelName) -> String {
    var output: [UInt8] = []
    append(name, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// The escaped text as a string.
  static func escaped(_ text: String) -> String {
    var output: [UInt8] = []
    append(text, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// The escaped text of a message that has lines of its own.
  static func lines(_ text: String) -> String {
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
  static func width(of text: some Sequence<UInt8>) -> Int {
    var bytes = text.makeIterator()
    var decoder = UTF8()
    var width = 0
    while case .scalarValue(let scalar) = decoder.decode(&bytes) { width += self.width(of: scalar) }
    return width
  }

  /// How many columns of a terminal the visible `scalar` takes: 2 for wide ones (Unicode Standard
  /// Annex #11: East Asian wide, emoji), else 1.
  static func width(of scalar: Unicode.Scalar) -> Int {
    switch scalar.value {
    case 0..<0x1100: 1
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97f, 0xac00...0xd7a3,
      0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
      0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
      2
    default: 1
    }
  }
}
