import Connections

// States: `state S`, `exclude S` and bare state names.
extension FilterParser {
  /// Whether the next token starts a state without a comparison.
  var startsStates: Bool {
    guard let word = token.keyword else { return false }
    switch word {
    case "state":
      if case .comparison = nextToken.kind { return false }
      return true
    case "exclude", "excl": return true
    default: return isBareState(word)
    }
  }

  private func isBareState(_ word: String) -> Bool {
    TCPStateSet(word: word) != nil && SelectionKey(rawValue: word) == nil
  }

  /// Adjacent states: any of those named, minus those excluded after them.
  ///
  /// State groups stay separate from single states, because a group names no state explicitly.
  mutating func stateRun() throws(FilterProblem) -> FilterPart {
    inherited = nil
    var states: SelectionPredicate?
    var depth = 0
    while startsStates {
      let word = take()
      let isExclusion = word.keyword == "exclude" || word.keyword == "excl"
      let name = isExclusion || word.keyword == "state" ? try value("a state") : word
      let named = try selection(.state, name)
      depth += 1
      try checkDepth(depth, at: word)
      switch (states, isExclusion) {
      case (nil, false): states = named
      case (nil, true): states = .not(named)
      case (let before?, false): states = .any([before, named])
      case (let before?, true): states = .all([before, .not(named)])
      }
    }
    return FilterPart(states ?? .everything)
  }
}
