package import Connections

/// Writes JSON (RFC 8259) to a buffer, value by value, without an intermediate tree.
///
/// It inserts commas; the caller keeps braces balanced, within one function.
package struct JSONWriter {
  package private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// - Parameter continuesArray: whether the output continues an array that another writer has
  ///   already written elements to.
  /// - Parameter capacity: the initial capacity of the buffer, in bytes.
  package init(continuesArray: Bool = false, reserving capacity: Int = 0) {
    needsComma = continuesArray
    bytes.reserveCapacity(capacity)
  }

  /// Returns the output so far, and clears the buffer.
  package mutating func take() -> [UInt8] {
    defer { bytes.removeAll(keepingCapacity: true) }
    return bytes
  }

  /// Discards the output so far, but keeps the buffer's memory.
  package mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    needsComma = false
  }

  /// Appends the output so far to `output`, and clears the buffer but keeps its memory.
  package mutating func move(to output: inout [UInt8]) {
    output.append(contentsOf: bytes)
    bytes.removeAll(keepingCapacity: true)
  }

  /// Writes an object with the members that `fill` writes.
  package mutating func object(_ key: StaticString? = nil, _ fill: (inout JSONWriter) -> Void) {
    open("{", key: key)
    fill(&self)
    close("}")
  }

  /// Writes an array with the elements that `fill` writes.
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

  /// Writes a fractional number, or null if it is not finite.
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

  /// Writes a name. A byte that is not valid UTF-8 becomes `\xff`, since JSON cannot hold it.
  package mutating func member(_ key: StaticString, _ value: KernelName?) {
    member(key, value?.text)
  }

  /// Writes a string that `fill` appends, which must be ASCII without characters to escape.
  package mutating func member(_ key: StaticString, plain fill: (inout [UInt8]) -> Void) {
    start(key)
    bytes.append(UInt8(ascii: "\""))
    fill(&bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes the name of a member; its value follows with ``part(_:endsWithKey:)``.
  package mutating func key(_ key: StaticString) { start(key) }

  /// Writes members or a value that another writer has produced.
  ///
  /// - Parameter endsWithKey: whether it ends with the name of a member, whose value follows.
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

  /// Writes a member whose name is known only at run time.
  package mutating func member(named key: String, _ value: UInt64) {
    start(nil)
    string(key)
    bytes.append(UInt8(ascii: ":"))
    bytes.appendDecimal(value)
  }

  /// Writes a parsed value.
  package mutating func value(_ value: JSONValue) {
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
      for element in elements { self.value(element) }
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

  /// Writes a newline between values, for one value per line.
  package mutating func newline() {
    bytes.append(UInt8(ascii: "\n"))
  }

  /// Ends a document with a newline; another may follow.
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

  // Escapes what JSON requires, and characters that could disturb a terminal.
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

  /// Appends `text` unchanged if nothing in it needs escaping, and returns whether it did.
  private mutating func appendPlain(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { utf8 in
      for index in utf8.indices where unsafe !Self.isPlain(utf8[index]) { return false }
      unsafe bytes.append(contentsOf: utf8)
      return true
    }
  }

  /// Whether a byte is ASCII that needs no escape.
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte < 0x7f && byte != 0x22 && byte != 0x5c
  }

  private mutating func escape(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    bytes.append(contentsOf: "\\u".utf8)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 4 - digits.utf8.count))
    bytes.append(contentsOf: digits.utf8)
  }
}
