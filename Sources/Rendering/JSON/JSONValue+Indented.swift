extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .number(String(value)) }
  package init(booleanLiteral value: Bool) { self = .flag(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .list(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(elements.map { (name: $0.0, value: $0.1) })
  }

  /// The value as JSON with one member per line and each list on one line.
  package func indented(by indent: String = "") -> String {
    let inner = indent + "  "
    switch self {
    case .list(let values):
      return "[" + values.map { $0.indented(by: indent) }.joined(separator: ", ") + "]"
    case .object(let members):
      let lines = members.map { name, value in
        "\(inner)\(JSONValue.string(name).compact): \(value.indented(by: inner))"
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    case .null, .flag, .number, .string: return compact
    }
  }

  private var compact: String {
    var json = JSONWriter()
    json.value(self)
    return String(decoding: json.take(), as: UTF8.self)
  }
}
