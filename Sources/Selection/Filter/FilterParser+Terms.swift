import Connections

// Terms, by their first word.
extension FilterParser {
  /// A term other than a state; ``token`` is a word.
  mutating func term() throws(FilterProblem) -> SelectionPredicate {
    guard let word = token.keyword else {
      if let inherited { return try qualified(inherited, .equal, take()) }
      throw problem(.unexpected, at: token, expected: FilterWords.exampleTerms)
    }
    switch word {
    case "src", "dst", "host", "net", "port", "portrange", "tcp", "ip", "ip6":
      return try pcapTerm()
    case "sport": return try servicePort(.local)
    case "dport": return try servicePort(.peer)
    case "dev": return try keyTerm(.interface)
    case "fwmark": return try keyTerm(.mark)
    case "autobound":
      inherited = nil
      take()
      return .term(.autobound(within: names.ephemeralPorts))
    default: break
    }
    if let key = SelectionKey(rawValue: word), key != .filter { return try keyTerm(key) }
    guard !FilterWords.isForeign(word) else {
      throw problem(.notAboutConnections, at: token, expected: FilterWords.exampleTerms)
    }
    if let inherited, !isCompared { return try inheriting(inherited) }
    throw problem(
      .unknownWord, at: token, expected: FilterWords.exampleTerms,
      suggestion: NearestWord.to(word, among: FilterWords.all))
  }

  /// Whether a comparison follows, so that this word is not a bare value.
  private var isCompared: Bool {
    if case .comparison = nextToken.kind { true } else { false }
  }

  /// A bare value. If it is invalid, the error suggests the nearest keyword.
  private mutating func inheriting(
    _ qualifiers: FilterQualifiers
  ) throws(FilterProblem) -> SelectionPredicate {
    let value = take()
    do {
      return try qualified(qualifiers, .equal, value)
    } catch {
      let nearest = NearestWord.to(value.text, among: FilterWords.all)
      throw FilterProblem(
        error.kind, at: error.range, of: text, expected: error.expected,
        suggestion: error.suggestion ?? nearest)
    }
  }

  /// A selection key, an optional comparison and a value.
  private mutating func keyTerm(_ key: SelectionKey) throws(FilterProblem) -> SelectionPredicate {
    inherited = nil
    let word = take()
    let comparison = takeComparison()
    let value = try value("a \(key.valueName)")
    if key == .localPort || key == .peerPort {
      return try ports(key, comparison, value)
    }
    guard key.isMeasured else {
      return try equality(comparison, of: word) { parser throws(FilterProblem) in
        try parser.selection(key, value)
      }
    }
    return try measure(key, word, comparison, value)
  }

  /// A comparison with its token; nil if there is none.
  mutating func takeComparison() -> (FilterComparison, FilterToken)? {
    guard case .comparison(let comparison) = token.kind else { return nil }
    return (comparison, take())
  }

  /// A value, quoted or not.
  mutating func value(_ expected: String) throws(FilterProblem) -> FilterToken {
    guard token.isWord else { throw problem(.unexpected, at: token, expected: expected) }
    return take()
  }

  /// The result of `read`, negated for `!=`.
  func equality(
    _ comparison: (FilterComparison, FilterToken)?, of word: FilterToken,
    _ read: (Self) throws(FilterProblem) -> SelectionPredicate
  ) throws(FilterProblem) -> SelectionPredicate {
    switch comparison {
    case nil, (.equal, _)?: return try read(self)
    case (.unequal, _)?: return .not(try read(self))
    case (_, let token)?:
      throw problem(.wrongComparison, at: token, expected: "= or != after \(word.text.quoted)")
    }
  }

  /// A duration or size. Without a comparison, it means "at least".
  private func measure(
    _ key: SelectionKey, _ word: FilterToken, _ comparison: (FilterComparison, FilterToken)?,
    _ value: FilterToken
  ) throws(FilterProblem) -> SelectionPredicate {
    if case (.equal, let token)? = comparison {
      throw wrongMeasure(token, word)
    } else if case (.unequal, let token)? = comparison {
      throw wrongMeasure(token, word)
    }
    guard case .term(let term) = try measure(key, value) else {
      throw problem(.listCompared, at: value, expected: "one \(key.valueName)")
    }
    let next = term.next
    return switch comparison?.0 {
    case nil, .atLeast, .equal, .unequal: .term(term)
    case .greater: next.map(SelectionPredicate.term) ?? .any([])
    case .less: .not(.term(term))
    case .atMost: next.map { .not(.term($0)) } ?? .everything
    }
  }

  private func wrongMeasure(_ token: FilterToken, _ word: FilterToken) -> FilterProblem {
    problem(.wrongComparison, at: token, expected: ">, >=, < or <= after \(word.text.quoted)")
  }

  /// Accepts a size of 0, which options reject: `recv-queue > 0` is meaningful.
  private func measure(
    _ key: SelectionKey, _ value: FilterToken
  ) throws(FilterProblem) -> SelectionPredicate {
    switch (key, value.text) {
    case (.receiveQueue, "0"): .term(.receiveQueue(atLeast: 0))
    case (.sendQueue, "0"): .term(.sendQueue(atLeast: 0))
    default: try selection(key, value)
    }
  }

  /// The selection of the option with this key and value.
  func selection(
    _ key: SelectionKey, _ value: FilterToken
  ) throws(FilterProblem) -> SelectionPredicate {
    do {
      return try SelectionVocabulary.parse(key: key, value: value.text, names: names)
    } catch {
      throw problem(error, in: value)
    }
  }

  /// The problem of a value, with its position in the filter.
  func problem(_ problem: SelectionProblem, in value: FilterToken) -> FilterProblem {
    let start = value.textStart
    let range = start + problem.range.lowerBound..<start + problem.range.upperBound
    return FilterProblem(
      .value(problem), at: value.text.isEmpty ? value.range : range, of: text)
  }
}

extension SelectionKey {
  /// Whether a filter can compare its values by size; ports are handled separately.
  fileprivate var isMeasured: Bool {
    switch self {
    case .idle, .stalled, .inState, .age, .receiveQueue, .sendQueue: true
    default: false
    }
  }
}

extension SelectionTerm {
  /// The same term with the next larger limit; nil if there is none.
  fileprivate var next: SelectionTerm? {
    switch self {
    case .idle(let least): .idle(atLeast: least + 1)
    case .stalled(let least): .stalled(atLeast: least + 1)
    case .inState(let least): .inState(atLeast: least + 1)
    case .age(let least): .age(atLeast: least + 1)
    case .receiveQueue(let least): least == .max ? nil : .receiveQueue(atLeast: least + 1)
    case .sendQueue(let least): least == .max ? nil : .sendQueue(atLeast: least + 1)
    default: nil
    }
  }
}
