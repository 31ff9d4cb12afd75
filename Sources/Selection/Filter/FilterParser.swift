/// Parses the tokens of a filter into a tree; this file has the operators and parentheses.
struct FilterParser<Names: NameResolver> {
  let text: String
  let names: Names
  private let tokens: [FilterToken]
  private var position = 0
  private var depth = 0
  /// The qualifiers of the last pcap term, which apply to bare values: `port 80 or 443`.
  var inherited: FilterQualifiers?

  init(_ text: String, tokens: [FilterToken], names: Names) {
    self.text = text
    self.tokens = tokens
    self.names = names
  }

  /// The current token.
  var token: FilterToken { tokens[position] }

  /// The token after ``token``.
  var nextToken: FilterToken { tokens[min(position + 1, tokens.count - 1)] }

  /// Consumes ``token``, except the end.
  @discardableResult
  mutating func take() -> FilterToken {
    let token = self.token
    position = min(position + 1, tokens.count - 1)
    return token
  }

  /// A problem at a token.
  func problem(
    _ kind: FilterProblem.Kind, at token: FilterToken, expected: String? = nil,
    suggestion: String? = nil
  ) -> FilterProblem {
    FilterProblem(kind, at: token.range, of: text, expected: expected, suggestion: suggestion)
  }

  // MARK: Grammar

  /// filter: states, an expression, or states that apply to the whole expression after them.
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

  /// expression: operands joined by operators of equal precedence, from left to right.
  mutating func expression(after first: FilterPart? = nil) throws(FilterProblem) -> FilterPart {
    var chain: FilterChain
    if let first { chain = FilterChain(first) } else { chain = FilterChain(try operand()) }
    while true {
      let connective = token
      switch connective.kind {
      case .and, .or: take()
      case .word, .open, .not: inherited = nil
      case .close, .end: return FilterPart(chain.predicate, depth: chain.depth)
      case .comparison: throw problem(.unexpected, at: connective, expected: afterTerm)
      }
      let next = try operand()
      chain.join(next, by: connective.kind == .or ? .or : .and)
      try checkDepth(chain.depth, at: connective)
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
          .unclosedParenthesis, at: open, expected: "a closing \")\"")
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

  /// Rejects a tree that is too deep for recursion.
  func checkDepth(_ depth: Int, at token: FilterToken) throws(FilterProblem) {
    guard depth <= SelectionFilter.depthLimit else {
      throw problem(.tooDeep(limit: SelectionFilter.depthLimit), at: token)
    }
  }
}

/// A subtree and its depth.
struct FilterPart {
  let predicate: SelectionPredicate
  let depth: Int

  init(_ predicate: SelectionPredicate, depth: Int) {
    self.predicate = predicate
    self.depth = depth
  }

  /// A single term, which may have several levels: `sport != 80` is a negation.
  init(_ predicate: SelectionPredicate) {
    self.init(predicate, depth: predicate.depth)
  }
}

extension SelectionPredicate {
  /// The depth of the tree that its filter text parses to; an empty `any` prints as `not tcp`.
  fileprivate var depth: Int {
    switch self {
    case .term: 1
    case .any([]): 2
    case .not(let part): part.depth + 1
    case .all(let parts), .any(let parts): (parts.map(\.depth).max() ?? 0) + 1
    }
  }
}

/// Operands joined from left to right; consecutive ones with the same operator form one list.
private struct FilterChain {
  enum Connective {
    case and
    case or
  }

  private var parts: [SelectionPredicate]
  private var connective: Connective?
  private(set) var depth: Int

  init(_ first: FilterPart) {
    parts = [first.predicate]
    depth = first.depth
  }

  mutating func join(_ part: FilterPart, by connective: Connective) {
    if self.connective != connective {
      parts = [predicate]
      depth += 1
      self.connective = connective
    }
    parts.append(part.predicate)
    depth = max(depth, part.depth + 1)
  }

  var predicate: SelectionPredicate {
    switch connective {
    case nil: parts[0]
    case .and: .all(parts)
    case .or: .any(parts)
    }
  }
}
