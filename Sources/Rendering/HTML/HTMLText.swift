/// Writes HTML that is well-formed XML too, so that a parser of either reads the same.
///
/// Names of elements and attributes are fixed when connreap is built. What was read from the machine
/// comes in by ``text(_:)``, ``visible(_:)`` and the values of attributes only, and all of them
/// escape: nothing that a process, a peer or a file is called can end an element, hide, or change
/// the direction of writing.
package struct HTMLText {
  package private(set) var bytes: [UInt8] = []

  package init(bytes: [UInt8] = []) {
    self.bytes = bytes
  }

  /// Names and values of attributes.
  package typealias Attributes = KeyValuePairs<StaticString, String>

  /// Starts the document.
  package mutating func documentType() { append("<!DOCTYPE html>\n") }

  /// An element, with what `content` writes into it, on a line that ends behind it.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], _ content: (inout HTMLText) -> Void
  ) {
    open(name, attributes)
    content(&self)
    close(name)
    append("\n")
  }

  /// An element with a text that some machine told.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], text: String
  ) {
    open(name, attributes)
    self.text(text)
    close(name)
  }

  /// An element with a text of which control characters are visible already.
  package mutating func element(
    _ name: StaticString, _ attributes: Attributes = [:], visible: String
  ) {
    open(name, attributes)
    self.visible(visible)
    close(name)
  }

  /// An element that never has content, such as `meta`, or a shape of an image.
  package mutating func empty(_ name: StaticString, _ attributes: Attributes = [:]) {
    start(name, attributes)
    append("/>")
  }

  /// Text as some machine told it: what a terminal must not see is made visible as in tables
  /// (``EscapedText``).
  package mutating func text(_ text: String) { escape(EscapedText.escaped(text)) }

  /// Text in which names were made visible before. Should a control character be left, it is made
  /// visible now.
  package mutating func visible(_ text: String) {
    // A backslash stands for itself here: in a name it was doubled where that matters.
    for (place, part) in text.split(separator: "\\", omittingEmptySubsequences: false).enumerated()
    {
      if place > 0 { append("\\") }
      escape(EscapedText.escaped(String(part)))
    }
  }

  /// The style sheet. It is the same for HTML and XML, since it has none of `<`, `>` and `&`.
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
