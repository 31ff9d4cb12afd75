public import Connections

extension SelectionPredicate: CustomStringConvertible {
  /// The selection as a filter, with resolved values instead of names; `everything` or `nothing` if
  /// it has no terms.
  public var description: String {
    switch self {
    case .all([]): "everything"
    case .any([]): "nothing"
    default: filterText
    }
  }

  /// The parts that must all match, in order; the selection itself if it is not joined by `and`.
  public var conjuncts: [SelectionPredicate] {
    guard case .all(let parts) = self, !parts.isEmpty else { return [self] }
    return parts.flatMap(\.conjuncts)
  }
}

extension SelectionTerm: CustomStringConvertible {
  /// The term as a filter.
  public var description: String { filterText }
}

extension TCPStateSet {
  /// The names of the states without duplicates, ordered by state number.
  public var names: [String] {
    states.reduce(into: []) { names, state in
      if !names.contains(state.name) { names.append(state.name) }
    }
  }

  /// The names joined by commas; `none` if empty.
  public var nameList: String { isEmpty ? "none" : names.joined(separator: ",") }
}
