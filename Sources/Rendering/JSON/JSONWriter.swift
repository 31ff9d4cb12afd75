package import Connections

/// Writes JSON (RFC 8259) to a buffer, value by value, without building anything in between.
///
/// It puts the commas; the caller keeps the braces balanced, which every use does in one function.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// - Parameter continuesArray: whether what is written goes on in an array that another writer
  ///   has put elements into.
  /// - Parameter octets: for how many there is room from the beginning.
  package init(continuesArray: Bool = false, reserving octets: Int = 0) {
    needsComma = continuesArray
    bytes.reserveCapacity(octets)
  }

  /// Takes what was written so far.
  package mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  /// Forgets what was written so far, but keeps its memory.
  package mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  /// Moves what was written so far to the end of `output`; for many values, without taking memory.
  package mutating func move(to output: inout [UInt8]) {
    output.append(contentsOf: bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  package mutating func object(_ key: StaticString? = nil, _ fill: (inout JSONWriter) -> Void) {
    open("{", key: key)
    fill(&self)
    close("}")
  }

  package mutating func array(_ key: StaticString? = nil, _ fill: (inout JSONWriter) -> Void) {
    open("[", key: key)
    fill(&self)
    close("]")
  }

  package mutating func openObject(_ key: StaticString? = nil) { open("{", key: key) }
  package mutating func closeObject() { close("}") }
  package mutating func openArray(_ key: StaticString? = nil) { open("[", key: key) }
  package mutating func closeArray() { close("]") }

  package mutating func member(_ key: StaticString, _ value: UInt64?) {
    guard let value else { return null(key) }
    start(key)
    bytes.appendDecimal(value)
  }

  package mutating func member(_ key: StaticString, _ value: UInt32?) {
    member(key, value.map(UInt64.init))
  }

  package mutating func member(_ key: StaticString, _ value: Int) {
    member(key, UInt64(max(0, value)))
  }

  package mutating func member(_ key: StaticString, _ value: Bool) {
    start(key)
    append(value ? "true" : "false")
  }

  /// A number that need not be whole; one that is no number is unknown.
  package mutating func member(_ key: StaticString, _ value: Double?) {
    guard let value, value.isFinite else { return null(key) }
    start(key)
    bytes.append(contentsOf: "\(value)".utf8)
  }

  package mutating func member(_ key: StaticString, _ value: String?) {
    guard let value else { return null(key) }
    start(key)
    string(value)
  }

  /// A name; a byte that is not part of UTF-8, which JSON cannot have, as in `\xff`.
  package mutating func member(_ key: StaticString, _ value: KernelName?) {
    member(key, value?.text)
  }

  /// A string whose text is ASCII that needs no escape, appended by `fill`.
  package mutating func member(_ key: StaticString, plain fill: (inout [UInt8]) -> Void) {
    start(key)
    bytes.append(UInt8(ascii: "\""))
    fill(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// The name of a member whose value follows as a part.
  package mutating func key(_ key: StaticString) { start(key) }

  /// A part of what is being written that another writer has written: members, or a value.
  ///
  /// - Parameter endsWithKey: whether it ends with the name of a member whose value is to follow.
  package mutating func part(_ written: some Collection<UInt8>, endsWithKey: Bool = false) {
    bytes.append(contentsOf: written)
    needsComma = !endsWithKey
  }

  package mutating func element(_ value: UInt64) {
    start(nil)
    bytes.appendDecimal(value)
  }

  package mutating func element(_ value: String) {
    start(nil)
    string(value)
  }

  package mutating func null(_ key: StaticString) {
    start(key)
    append("null")
  }

  /// A member whose name is not known beforehand.
  package mutating func member(named key: String, _ value: UInt64) {
    start(nil)
    string(key)
    bytes.append(UInt8(ascii: ":"))
    bytes.appendDecimal(value)
  }

  /// A value that was read.
  package mutating func element(_ value: JSONValue) {
    start(nil)
    write(value)
  }

  private mutating func write(_ value: JSONValue) {
    switch value {
    case .null: bytes.append(contentsOf: "null".utf8)
    case .flag(let flag): bytes.append(contentsOf: flag ? "true".utf8 : "false".utf8)
    case .number(let digits): bytes.append(contentsOf: digits.utf8)
    case .string(let text): string(text)
    case .list(let elements):
      open("[", key: nil, isStarted: true)
      for element in elements { self.element(element) }
      close("]")
    case .object(let members):
      open("{", key: nil, isStarted: true)
      for member in members {
        start(nil)
        string(member.name)
        bytes.append(UInt8(ascii: ":"))
        write(member.value)
      }
      close("}")
    }
  }

  /// Ends a line between values, where one value a line is wanted.
  package mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Ends a line after which a new document starts.
  package mutating func endDocument() {
    newline()
    needsComma = false
  }

  private mutating func open(
    _ brace: Unicode.Scalar, key: StaticString?, isStarted: Bool = false
  ) {
    if !isStarted { start(key) }
    bytes.append(UInt8(ascii: brace))
    needsComma = false
  }

  private mutating func close(_ brace: Unicode.Scalar) {
    bytes.append(UInt8(ascii: brace))
    needsComma = true
  }

  private mutating func start(_ key: StaticString?) {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
    guard let key else { return }
    bytes.append(UInt8(ascii: "\""))
    append(key)
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
  }

  // What could disturb a terminal is escaped as well as what JSON asks for.
  private mutating func string(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    defer { bytes.append(UInt8(ascii: "\"")) }
    guard !appendPlain(text) else { return }
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: bytes.append(contentsOf: #"\""#.utf8)
      case 0x5c: bytes.append(contentsOf: #"\\"#.utf8)
      case 0x20..<0x7f: bytes.append(UInt8(scalar.value))
      case _ where scalar.value > 0x7f && EscapedText.isVisible(scalar):
        bytes.append(contentsOf: String(scalar).utf8)
      default: for unit in String(scalar).utf16 { escape(unit) }
      }
    }
  }

  /// Appends `text` as it is, if each octet of it stands for itself; says whether it did.
  private mutating func appendPlain(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { octets in
      for index in octets.indices where unsafe !Self.isPlain(octets[index]) { return false }
      unsafe bytes.append(contentsOf: octets)
      return true
    }
  }

  /// Whether an octet of UTF-8 stands for itself.
  private static func isPlain(_ octet: UInt8) -> Bool {
    octet >= 0x20 && octet < 0x7f && octet != 0x22 && octet != 0x5c
  }

  private mutating func escape(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    bytes.append(contentsOf: "\\u".utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
    bytes.append(contentsOf: digits.utf8)
  }
}
