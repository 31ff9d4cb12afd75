/// A JSON value whose members stay in their order, for the schema.
indirect enum SchemaValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  case text(String)
  case number(Int)
  case flag(Bool)
  case list([SchemaValue])
  case object([(key: String, value: SchemaValue)])

  init(stringLiteral value: String) { self = .text(value) }
  init(integerLiteral value: Int) { self = .number(value) }
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(arrayLiteral elements: SchemaValue...) { self = .list(elements) }
  init(dictionaryLiteral elements: (String, SchemaValue)...) {
    self = .object(elements.map { (key: $0.0, value: $0.1) })
  }

  /// The words as a list.
  static func words(_ words: [String]) -> SchemaValue { .list(words.map { .text($0) }) }

  /// The value as JSON, one member a line; lists of plain values are on one line.
  func text(indentedBy indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .text(let text): return Self.quoted(text)
    case .number(let number): return String(number)
    case .flag(let flag): return String(flag)
    case .list(let values):
      return "[" + values.map { $0.text(indentedBy: indent) }.joined(separator: ", ") + "]"
    case .object(let members):
      let lines = members.map { key, value in
        "\(inner)\(Self.quoted(key)): \(value.text(indentedBy: inner))"
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    }
  }

  /// Only what this module itself writes is quoted: printable text.
  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }
}
