/// An element of a page, parsed more strictly than HTML and XML require.
///
/// Both kinds of parser therefore accept what it accepts, and read it the same way.
package final class Markup {
  package let name: String
  package let attributes: [String: String]
  package private(set) var children: [Markup] = []
  /// The text of this element without its children's, with entities resolved.
  package private(set) var ownText = ""
  /// The text of this element and its descendants, in document order.
  package private(set) var text = ""

  package struct Fault: Error, CustomStringConvertible {
    package let description: String
  }

  private init(_ name: String, _ attributes: [String: String]) {
    (self.name, self.attributes) = (name, attributes)
  }

  /// All elements inside it, in document order.
  package var descendants: [Markup] { children.flatMap { [$0] + $0.descendants } }

  package func all(_ names: String...) -> [Markup] {
    descendants.filter { names.contains($0.name) }
  }

  package func first(_ name: String) -> Markup? { descendants.first { $0.name == name } }

  package func withID(_ id: String) -> Markup? { descendants.first { $0.attributes["id"] == id } }

  package var classes: Set<String> {
    Set((attributes["class"] ?? "").split(separator: " ").map(String.init))
  }

  /// HTML elements without an end tag.
  static let void: Set<String> = ["meta"]
  /// SVG shapes, which may be self-closing.
  static let shapes: Set<String> = ["rect", "line"]

  /// Parses a page and returns its root element; throws the first fault.
  package static func page(_ bytes: [UInt8]) throws -> Markup {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Fault(description: "not valid UTF-8")
    }
    let start = "<!DOCTYPE html>\n"
    guard text.hasPrefix(start) else { throw Fault(description: "no document type") }
    var reader = Reader(rest: Substring(text).dropFirst(start.count))
    let root = try reader.element()
    guard reader.rest.allSatisfy(\.isNewline) else {
      throw Fault(description: "text after the root: \(reader.rest.prefix(40))")
    }
    return root
  }

  private struct Reader {
    var rest: Substring

    mutating func element() throws -> Markup {
      try take("<")
      let name = try word()
      var attributes: [String: String] = [:]
      while rest.first == " " {
        rest.removeFirst()
        let key = try word()
        try take("=\"")
        guard let end = rest.firstIndex(of: "\"") else { throw fault("unterminated value") }
        guard attributes.updateValue(try Self.resolved(rest[..<end]), forKey: key) == nil else {
          throw fault("duplicate attribute \(key)")
        }
        rest = rest[rest.index(after: end)...]
      }
      let element = Markup(name, attributes)
      if rest.hasPrefix("/>") {
        guard Markup.void.contains(name) || Markup.shapes.contains(name) else {
          throw fault("<\(name)/> is not closed in HTML")
        }
        rest.removeFirst(2)
        return element
      }
      try take(">")
      guard !Markup.void.contains(name) else { throw fault("<\(name)> is not closed in XML") }
      while !rest.hasPrefix("</") {
        if rest.first == "<" {
          let child = try self.element()
          element.children.append(child)
          element.text += child.text
        } else {
          let text = try Self.resolved(rest.prefix { $0 != "<" })
          guard !rest.isEmpty else { throw fault("<\(name)> is not closed") }
          rest = rest.drop { $0 != "<" }
          element.ownText += text
          element.text += text
        }
      }
      try take("</\(name)>")
      return element
    }

    private mutating func take(_ text: String) throws {
      guard rest.hasPrefix(text) else { throw fault("missing \(text)") }
      rest.removeFirst(text.count)
    }

    private mutating func word() throws -> String {
      let word = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
      guard !word.isEmpty else { throw fault("missing name") }
      rest = rest[word.endIndex...]
      return String(word)
    }

    private func fault(_ text: String) -> Fault {
      Fault(description: "\(text), before \(rest.prefix(60))")
    }

    private static func resolved(_ text: Substring) throws -> String {
      var result = ""
      var rest = text
      while let character = rest.first {
        if let scalar = character.unicodeScalars.first, scalar.value < 0x20 || scalar == "\u{7f}",
          character != "\n"
        {
          throw Fault(description: "control character: \(scalar.value)")
        }
        guard character == "&" else {
          guard character != "<" && character != ">" else {
            throw Fault(description: "bare \(character)")
          }
          result.append(rest.removeFirst())
          continue
        }
        let entities = ["&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": "\"", "&#39;": "'"]
        guard let (name, meaning) = entities.first(where: { rest.hasPrefix($0.key) }) else {
          throw Fault(description: "bare & in \(rest.prefix(20))")
        }
        rest.removeFirst(name.count)
        result += meaning
      }
      return result
    }
  }
}
