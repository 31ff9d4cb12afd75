/// Turns the tokens of a filter into a tree: the level of operators and parentheses.
struct FilterParser<Names: NameResolver> {
  let text: String
  let names: Names
  private let tokens: [FilterToken]
  private var position = 0
  private var depth = 0
  /// What a bare value means here: the qualifiers of the last pcap term, as in `port 80 or 443`.
  var inherited: FilterQualifiers?

  init(_ text: String, tokens: [FilterToken], names: Names) {
    self.text = text
    self.tokens = tokens
    self.names = names
  }

  /// The token to read next.
  var token: FilterToken { tokens[position] }

  /// The token after ``token``.
  var nextToken: FilterToken { tokens[min(position + 1, tokens.count - 1)] }

  /// Takes ``token``; the end stays.
  @discardableResult
  mutating func take() -> FilterToken {
    let token = self.token
    position = min(position + 1, tokens.count - 1)
    return token
  }

  /// What is wrong with a token.
  func problem(
    _ kind: FilterProblem.Kind, at token: FilterToken, expected: String? = nil,
    suggestion: String? = nil
  ) -> FilterProblem {
    FilterProblem(kind, at: token.range, of: text, expected: expected, suggestion: suggestion)
  }

  // MARK: Grammar

  /// filter: states, an expression, or states and an expression that all of them limit.
  mutating func filter() throws(FilterProblem) -> SelectionPredicate {
    guard token.kind != .end else {
      throw problem(.empty, at: token, expected: FilterWords.exampleTerms)
    }
    let part: FilterPart
    if startsStates {
      let states = try stateRun()
      switch token.kind {
      case .end, .and, .or: part = try expression(after: states)
      default:
        let first = token
        let rest = try expression()
        part = FilterPart(
          .all([states.predicate, rest.predicate]), depth: max(states.depth, rest.depth) + 1)
        try checkDepth(part.depth, at: first)
      }
    } else {
      part = try expression()
    }
    guard token.kind == .end else { throw problem(.unexpected, at: token, expected: afterTerm) }
    try checkDepth(part.depth, at: tokens[0])
    return part.predicate
  }

  private var afterTerm: String { "\"and\", \"or\" or a term" }

  /// expression: operands joined by operators of equal rank, from the left.
  mutating func expression(after first: FilterPart? = nil) throws(FilterProblem) -> FilterPart {
    var chain: FilterChain
    if let first { chain = FilterChain(first) } else { chain = FilterChain(try operand()) }
    while true {
      let joint = token
      switch joint.kind {
      case .and, .or: take()
      case .word, .open, .not: inherited = nil
      case .close, .end: return FilterPart(chain.predicate, depth: chain.depth)
      case .comparison: throw problem(.unexpected, at: joint, expected: afterTerm)
      }
      let next = try operand()
      chain.join(next, by: joint.kind == .or ? .or : .and)
      try checkDepth(chain.depth, at: joint)
    }
  }

  /// operand: a term, an operand after `not`, or an expression in parentheses.
  private mutating func operand() throws(FilterProblem) -> FilterPart {
    let first = token
    switch first.kind {
    case .not:
      take()
      let part = try deeper(at: first) { parser throws(FilterProblem) in try parser.operand() }
      return FilterPart(.not(part.predicate), depth: part.depth + 1)
    case .open: return try group()
    case .word:
      return startsStates ? try stateRun() : FilterPart(try term())
    case .close, .and, .or, .comparison, .end:
      throw problem(.unexpected, at: first, expected: FilterWords.exampleTerms)
    }
  }

  /// An expression in parentheses.
  mutating func group() throws(FilterProblem) -> FilterPart {
    let open = take()
    return try deeper(at: open) { parser throws(FilterProblem) in
      let part = try parser.expression()
      guard parser.token.kind == .close else {
        throw parser.problem(
          .unclosedParenthesis, at: open, expected: "\")\" at the end of the part")
      }
      parser.take()
      return part
    }
  }

  private mutating func deeper(
    at token: FilterToken, _ read: (inout Self) throws(FilterProblem) -> FilterPart
  ) throws(FilterProblem) -> FilterPart {
    depth += 1
    try checkDepth(depth, at: token)
    let part = try read(&self)
    depth -= 1
    try checkDepth(part.depth, at: token)
    return part
  }

  /// Refuses what those who walk over the tree, or read it here, could not bear.
  func checkDepth(_ depth: Int, at token: FilterToken) throws(FilterProblem) {
    guard depth <= SelectionFilter.depthLimit else {
      throw problem(.tooDeep(limit: SelectionFilter.depthLimit), at: token)
    }
  }
}

/// A part of the tree, and how deep it is.
struct FilterPart {
  let predicate: SelectionPredicate
  let depth: Int

  init(_ predicate: SelectionPredicate, depth: Int) {
    self.predicate = predicate
    self.depth = depth
  }

  /// What one term says, which may be more than one level: `sport != 80` is a negation.
  init(_ predicate: SelectionPredicate) {
    self.init(predicate, depth: predicate.depth)
  }
}

extension SelectionPredicate {
  /// The levels of the tree that its text is read as; nothing at all is `not tcp`.
  fileprivate var depth: Int {
    switch self {
    case .term: 1
    case .any([]): 2
    case .not(let part): part.depth + 1
    case .all(let parts), .any(let parts): (parts.map(\.depth).max() ?? 0) + 1
    }
  }
}

/// Operands joined from the left: those that the same operator joins become one list.
private struct FilterChain {
  enum Joint {
    case and
    case or
  }

  private var parts: [SelectionPredicate]
  private var joint: Joint?
  private(set) var depth: Int

  init(_ first: FilterPart) {
    parts = [first.predicate]
    depth = first.depth
  }

  mutating func join(_ part: FilterPart, by joint: Joint) {
    if self.joint != joint {
      parts = [predicate]
      depth += 1
      self.joint = joint
    }
    parts.append(part.predicate)
    depth = max(depth, part.depth + 1)
  }

  var predicate: SelectionPredicate {
    switch joint {
    case nil: parts[0]
    case .and: .all(parts)
    case .or: .any(parts)
    }
  }
}
