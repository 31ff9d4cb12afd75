import Selection

/// Properties of every text that is parsed as a filter.
enum FilterProperties {
  static func check(_ bytes: [UInt8]) throws(Violation) {
    let text = String(decoding: bytes, as: UTF8.self)
    let selection: SelectionPredicate
    do throws(FilterProblem) {
      selection = try SelectionFilter.parse(text, names: FixedNames())
    } catch {
      try check(error, of: text)
      return
    }
    try checkText(of: selection)
    try KernelProperties.check(selection)
  }

  /// The problem points into the text, and its message is one line.
  private static func check(_ problem: FilterProblem, of text: String) throws(Violation) {
    let length = text.utf8.count
    try require(problem.filter == text, "the problem belongs to another filter")
    try require(
      problem.range.lowerBound >= 0 && problem.range.upperBound <= length,
      "the range \(problem.range) is not in the \(length) bytes of the filter")
    try requireOneLine(problem.description)
  }

  /// A printed filter parses to the same selection.
  private static func checkText(of selection: SelectionPredicate) throws(Violation) {
    let text = selection.filterText
    // Resolving a name to many addresses makes a filter longer.
    guard text.utf8.count <= SelectionFilter.lengthLimit else { return }
    let again: SelectionPredicate
    do throws(FilterProblem) {
      again = try SelectionFilter.parse(text, names: FixedNames())
    } catch {
      throw Violation("\(text.debugDescription) was printed and cannot be parsed: \(error)")
    }
    try require(
      selection.plain.means(again.plain),
      "\(text.debugDescription) was printed, and parses as \(again.filterText.debugDescription)")
  }
}

extension SelectionPredicate {
  /// The tree without nodes that have no text of their own: lists of one or no part.
  fileprivate var plain: SelectionPredicate {
    switch self {
    case .any([]): .not(.everything)
    case .term(.states(let states)) where states.isEmpty: .not(.everything)
    case .term: self
    case .not(let part): .not(part.plain)
    case .all(let parts): parts.count == 1 ? parts[0].plain : .all(parts.map(\.plain))
    case .any(let parts): parts.count == 1 ? parts[0].plain : .any(parts.map(\.plain))
    }
  }

  /// Whether both trees are the same, except for the spelling of patterns.
  fileprivate func means(_ other: SelectionPredicate) -> Bool {
    switch (self, other) {
    case (.term(.process(let lhs)), .term(.process(let rhs))),
      (.term(.unit(let lhs)), .term(.unit(let rhs))):
      lhs.agrees(with: rhs)
    case (.term(let lhs), .term(let rhs)): lhs == rhs
    case (.not(let lhs), .not(let rhs)): lhs.means(rhs)
    case (.all(let lhs), .all(let rhs)), (.any(let lhs), .any(let rhs)):
      lhs.count == rhs.count && zip(lhs, rhs).allSatisfy { $0.means($1) }
    default: false
    }
  }
}

extension Glob {
  /// Whether both patterns match the same names, among names similar to the patterns.
  fileprivate func agrees(with other: Glob) -> Bool {
    guard self != other else { return true }
    let names = [pattern, other.pattern].flatMap { pattern in
      let bare = String(
        pattern.unicodeScalars.filter { !"\\[]!".unicodeScalars.contains($0) }.map(Character.init))
      return [pattern, bare, String(bare.dropFirst()), bare + "x", " " + bare, bare + " "]
    }
    return names.allSatisfy { matches($0) == other.matches($0) }
  }
}
