import Connections

extension SelectionPredicate {
  /// The selection as a filter, which ``SelectionFilter/parse(_:names:)`` parses to an equivalent
  /// tree.
  ///
  /// The parsed tree is identical if every list has at least two parts, except an empty `all`.
  public var filterText: String {
    switch self {
    case .term(let term): term.filterText
    case .all(let parts) where parts.isEmpty: "tcp"
    case .any(let parts) where parts.isEmpty: "not tcp"
    case .all(let parts): Self.joined(parts, by: "and")
    case .any(let parts): Self.joined(parts, by: "or")
    case .not(let part): "not \(part.operand)"
    }
  }

  /// The text as one operand, in parentheses if it joins several.
  private var operand: String {
    switch self {
    case .all(let parts) where parts.count == 1, .any(let parts) where parts.count == 1:
      parts[0].operand
    case .all(let parts) where !parts.isEmpty, .any(let parts) where !parts.isEmpty:
      "( \(filterText) )"
    default: filterText
    }
  }

  private static func joined(_ parts: [SelectionPredicate], by word: String) -> String {
    parts.count == 1
      ? parts[0].filterText : parts.map(\.operand).joined(separator: " \(word) ")
  }
}
