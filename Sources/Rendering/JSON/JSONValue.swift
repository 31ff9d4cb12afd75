/// A value of JSON (RFC 8259), as it was read.
package indirect enum JSONValue: Equatable, Sendable {
  case null
  case flag(Bool)
  /// A number in the digits of its author: no precision is lost.
  case number(String)
  case string(String)
  case list([JSONValue])
  /// The members in their order; no name is there twice.
  case object([(name: String, value: JSONValue)])

  /// The value of a member; nil when there is none, it is null, or this is no object.
  package subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self,
      let value = members.first(where: { $0.name == name })?.value, value != .null
    else { return nil }
    return value
  }

  /// The text of a string.
  package var text: String? { if case .string(let text) = self { text } else { nil } }

  /// A whole number that `Number` can hold.
  package func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) -> Number? {
    if case .number(let digits) = self { Number(digits) } else { nil }
  }

  /// The elements of a list.
  package var elements: [JSONValue]? {
    if case .list(let elements) = self { elements } else { nil }
  }

  package static func == (one: JSONValue, other: JSONValue) -> Bool {
    switch (one, other) {
    case (.null, .null): true
    case (.flag(let one), .flag(let other)): one == other
    case (.number(let one), .number(let other)): one == other
    case (.string(let one), .string(let other)): one == other
    case (.list(let one), .list(let other)): one == other
    case (.object(let one), .object(let other)): one.elementsEqual(other, by: ==)
    default: false
    }
  }
}
