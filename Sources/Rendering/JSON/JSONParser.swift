/// A strict parser for one JSON value (RFC 8259).
package struct JSONParser {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  /// The deepest nesting accepted; a connection in the audit log has four levels.
  private static let maximumDepth = 32
  /// Objects with at least this many members keep their names in a set.
  private static let setThreshold = 64

  /// Parses `bytes`, which must hold one value and no other text except white space.
  ///
  /// - Throws: ``JSONProblem`` if they are not valid JSON, or an object repeats a name.
  package static func parse(_ bytes: ArraySlice<UInt8>) throws(JSONProblem) -> JSONValue {
    var parser = JSONParser(bytes: bytes, position: bytes.startIndex)
    let value = try parser.value(level: 1)
    parser.skipSpace()
    guard parser.position == bytes.endIndex else { throw parser.problem }
    return value
  }

  private var problem: JSONProblem { JSONProblem(offset: position - bytes.startIndex) }

  private var next: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  /// Consumes `character` and any white space before it, if it comes next.
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    skipSpace()
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(level: Int) throws(JSONProblem) -> JSONValue {
    skipSpace()
    guard level <= Self.maximumDepth, let first = next else { throw problem }
    switch first {
    case UInt8(ascii: "{"): return try object(level: level)
    case UInt8(ascii: "["): return try list(level: level)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .flag(true))
    case UInt8(ascii: "f"): return try word("false", .flag(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(
    _ word: StaticString, _ value: JSONValue
  ) throws(JSONProblem) -> JSONValue {
    let text = "\(word)".utf8
    guard bytes[position...].starts(with: text) else { throw problem }
    position += text.count
    return value
  }

  private mutating func object(level: Int) throws(JSONProblem) -> JSONValue {
    position += 1
    var members: [(name: String, value: JSONValue)] = []
    var names: Set<String> = []
    if take("}") { return .object(members) }
    while true {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw problem }
      let start = problem
      let name = try string()
      // Nearly all objects have few members, and searching those is faster than a set.
      if members.count == Self.setThreshold { names = Set(members.lazy.map(\.name)) }
      let isRepeated =
        members.count < Self.setThreshold
        ? members.contains { $0.name == name } : !names.insert(name).inserted
      guard !isRepeated else { throw start }
      guard take(":") else { throw problem }
      members.append((name, try value(level: level + 1)))
      if take("}") { return .object(members) }
      guard take(",") else { throw problem }
    }
  }

  private mutating func list(level: Int) throws(JSONProblem) -> JSONValue {
    position += 1
    var elements: [JSONValue] = []
    if take("]") { return .list(elements) }
    while true {
      elements.append(try value(level: level + 1))
      if take("]") { return .list(elements) }
      guard take(",") else { throw problem }
    }
  }

  /// Consumes one or more digits.
  private mutating func digits() throws(JSONProblem) {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    guard position > start else { throw problem }
  }

  private mutating func number() throws(JSONProblem) -> String {
    let start = position
    if next == UInt8(ascii: "-") { position += 1 }
    let isZero = next == UInt8(ascii: "0")
    let whole = position
    try digits()
    guard !isZero || position == whole + 1 else {
      position = whole + 1
      throw problem
    }
    if next == UInt8(ascii: ".") {
      position += 1
      try digits()
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func string() throws(JSONProblem) -> String {
    position += 1
    let start = position
    while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
      position += 1
    }
    guard next != UInt8(ascii: "\"") else {
      defer { position += 1 }
      return try text(of: bytes[start..<position])
    }
    var octets = Array(bytes[start..<position])
    while let byte = next, byte >= 0x20 {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return try text(of: octets[...])
      case UInt8(ascii: "\\"): octets.append(contentsOf: String(try escaped()).utf8)
      default: octets.append(byte)
      }
    }
    throw problem
  }

  private func text(of octets: ArraySlice<UInt8>) throws(JSONProblem) -> String {
    guard let text = String(validating: octets, as: UTF8.self) else { throw problem }
    return text
  }

  /// Parses an escape sequence after its backslash.
  private mutating func escaped() throws(JSONProblem) -> Unicode.Scalar {
    guard let letter = next else { throw problem }
    position += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try scalar()
    default: throw problem
    }
  }

  /// Parses the scalar of one `\u` escape, or of two that form a surrogate pair.
  private mutating func scalar() throws(JSONProblem) -> Unicode.Scalar {
    let first = try unit()
    if let scalar = Unicode.Scalar(UInt32(first)) { return scalar }
    guard (0xd800...0xdbff).contains(first), bytes[position...].starts(with: "\\u".utf8) else {
      throw problem
    }
    position += 2
    let second = try unit()
    guard (0xdc00...0xdfff).contains(second),
      let scalar = Unicode.Scalar(
        0x10000 + (UInt32(first) - 0xd800) << 10 + (UInt32(second) - 0xdc00))
    else { throw problem }
    return scalar
  }

  private mutating func unit() throws(JSONProblem) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw problem
      }
      unit = unit << 4 | UInt16(digit)
      position += 1
    }
    return unit
  }
}

/// The input is not valid JSON.
package struct JSONProblem: Error, Equatable {
  /// The offset of the invalid byte.
  package let offset: Int
}
