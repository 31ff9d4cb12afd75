/// Writes HTML that is also well-formed XML, so that both kinds of parser read the same.
///
/// Element and attribute names are fixed at build time. Text read from the machine enters only
/// through ``text(_:)``, ``visible(_:)`` and attribute values, which all escape it. No name of a
/// process, peer or file can end an element, hide text or change its direction.
package struct HTMLText {
  package private(set) var bytes: [UInt8] = []

  package init(bytes: [UInt8] = []) {
    self.bytes = bytes
  }

  /// Attribute names and values.
  package typealias Attributes = KeyValuePairs<StaticString, String>

  /// Writes the document type declaration.
  package mutating func documentType() { append("<!DOCTYPE html>\n") }

  /// Writes an element with the content that `content` writes, and ends the line.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], _ content: (inout HTMLText) -> Void
  ) {
    open(name, attributes)
    content(&self)
    close(name)
    append("\n")
  }

  /// Writes an element with text read from a machine.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], text: String
  ) {
    open(name, attributes)
    self.text(text)
    close(name)
  }

  /// Writes an element with text whose names are already escaped.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], visible: String
  ) {
    open(name, attributes)
    self.visible(visible)
    close(name)
  }

  /// Writes an element without content, such as `meta` or an SVG shape.
  package mutating func empty(_ name: StaticString, _ attributes: Attributes = [:]) {
    start(name, attributes)
    append("/>")
  }

  /// Writes text read from a machine, with control characters escaped as in tables
  /// (``EscapedText``).
  package mutating func text(_ text: String) { escape(EscapedText.escaped(text)) }

  /// Writes text whose names are already escaped. It still escapes a control character that
  /// remains.
  package mutating func visible(_ text: String) {
    // Backslashes stay as they are: escaping the names has already doubled ambiguous ones.
    for (index, part) in text.split(separator: "\\", omittingEmptySubsequences: false).enumerated()
    {
      if index > 0 { append("\\") }
      escape(EscapedText.escaped(String(part)))
    }
  }

  /// Writes the style sheet, which must not contain `<`, `>` or `&`, so that HTML and XML agree.
  package mutating func style(_ sheet: StaticString) {
    append("<style>\n")
    append(sheet)
    append("\n</style>\n")
  }

  private mutating func open(_ name: StaticString, _ attributes: Attributes) {
    start(name, attributes)
    append(">")
  }

  private mutating func start(_ name: StaticString, _ attributes: Attributes) {
    append("<")
    append(name)
    for (key, value) in attributes {
      append(" ")
      append(key)
      append("=\"")
      text(value)
      append("\"")
    }
  }

  private mutating func close(_ name: StaticString) {
    append("</")
    append(name)
    append(">")
  }

  private mutating func escape(_ text: String) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): append("&amp;")
      case UInt8(ascii: "<"): append("&lt;")
      case UInt8(ascii: ">"): append("&gt;")
      case UInt8(ascii: "\""): append("&quot;")
      case UInt8(ascii: "'"): append("&#39;")
      default: bytes.append(byte)
      }
    }
  }

  private mutating func append(_ text: StaticString) {
    bytes.append(contentsOf: text.description.utf8)
  }
}
