/// A parsed JSON value (RFC 8259).
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case flag(Bool)
  /// A number, as its original digits, so that no precision is lost.
  case number(String)
  case string(String)
  case list([JSONValue])
  /// The members in their original order. Names are unique.
  case object([(name: String, value: JSONValue)])

  /// The value of a member; nil if it is absent or null, or if this is not an object.
  package subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self,
      let value = members.first(where: { $0.name == name })?.value, value != .null
    else { return nil }
    return value
  }

  /// The text, if this is a string.
  package var text: String? { if case .string(let text) = self { text } else { nil } }

  /// The number, if this is an integer that `Number` can hold.
  package func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number? {
    if case .number(let digits) = self { Number(digits) } else { nil }
  }

  /// The elements, if this is an array.
  package var elements: [JSONValue]? {
    if case .list(let elements) = self { elements } else { nil }
  }

  package static func == (lhs: JSONValue, rhs: JSONValue) -> Bool {
    switch (lhs, rhs) {
    case (.null, .null): true
    case (.flag(let lhs), .flag(let rhs)): lhs == rhs
    case (.number(let lhs), .number(let rhs)): lhs == rhs
    case (.string(let lhs), .string(let rhs)): lhs == rhs
    case (.list(let lhs), .list(let rhs)): lhs == rhs
    case (.object(let lhs), .object(let rhs)): lhs.elementsEqual(rhs, by: ==)
    default: false
    }
  }
}
