/// One character of a name: a Unicode scalar in UTF-8, or a byte that is not part of one.
public struct NameCharacter: Hashable, Comparable, Sendable {
  /// The scalar value. A stray byte has a bit set that no scalar has.
  private let code: UInt32

  private static let stray: UInt32 = 1 << 31

  /// Decodes the character at `position` (Unicode Standard, table 3-7: well-formed sequences).
  public init(at position: Int, of bytes: Span<UInt8>) {
    let first = bytes[position]
    guard first >= 0x80 else {
      code = UInt32(first)
      return
    }
    var (length, scalar, minimum): (Int, UInt32, UInt32) =
      switch first {
      case 0xc2...0xdf: (2, UInt32(first & 0x1f), 0x80)
      case 0xe0...0xef: (3, UInt32(first & 0x0f), 0x800)
      case 0xf0...0xf4: (4, UInt32(first & 0x07), 0x1_0000)
      default: (0, 0, 0)
      }
    if position + length > bytes.count { length = 0 }
    for offset in 1..<max(length, 1) {
      let byte = bytes[position + offset]
      if byte & 0xc0 != 0x80 { length = 0 }
      scalar = scalar << 6 | UInt32(byte & 0x3f)
    }
    // Overlong encodings and surrogates are invalid.
    let isScalar = length > 0 && scalar >= minimum && Unicode.Scalar(scalar) != nil
    code = isScalar ? scalar : Self.stray | UInt32(first)
  }

  /// The number of bytes.
  public var length: Int {
    switch code {
    case ..<0x80, Self.stray...: 1
    case ..<0x800: 2
    case ..<0x1_0000: 3
    default: 4
    }
  }

  /// The ASCII byte; nil for any other character.
  public var ascii: UInt8? { code < 0x80 ? UInt8(code) : nil }

  /// The scalar; nil for a stray byte.
  public var scalar: Unicode.Scalar? { Unicode.Scalar(code) }

  /// Orders by scalar. Stray bytes come last, so that no range in a glob contains them.
  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.code < rhs.code }
}
