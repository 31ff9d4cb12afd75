import Selection

/// What must be so of every text that is given as a filter.
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

  /// The caret is below the text, and the message is one line.
  private static func check(_ problem: FilterProblem, of text: String) throws(Violation) {
    let length = text.utf8.count
    try require(problem.filter == text, "the problem is of another filter")
    try require(
      problem.range.lowerBound >= 0 && problem.range.upperBound <= length,
      "the fault at \(problem.range) is not in the \(length) bytes of the filter")
    try requireOneLine(problem.description)
  }

  /// What is printed is read as the same again.
  private static func checkText(of selection: SelectionPredicate) throws(Violation) {
    let text = selection.filterText
    // Names of many addresses make a filter longer than it was.
    guard text.utf8.count <= SelectionFilter.lengthLimit else { return }
    let again: SelectionPredicate
    do throws(FilterProblem) {
      again = try SelectionFilter.parse(text, names: FixedNames())
    } catch {
      throw Violation("\(text.debugDescription) was printed and cannot be read: \(error)")
    }
    try require(
      selection.plain.means(again.plain),
      "\(text.debugDescription) was printed, and is read as \(again.filterText.debugDescription)")
  }
}

extension SelectionPredicate {
  /// The tree without what has no text of its own: lists of one part, and lists of none.
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

  /// Whether it is the same tree, but for how its patterns are spelt.
  fileprivate func means(_ other: SelectionPredicate) -> Bool {
    switch (self, other) {
    case (.term(.process(let one)), .term(.process(let two))),
      (.term(.unit(let one)), .term(.unit(let two))):
      one.agrees(with: two)
    case (.term(let one), .term(let two)): one == two
    case (.not(let one), .not(let two)): one.means(two)
    case (.all(let one), .all(let two)), (.any(let one), .any(let two)):
      one.count == two.count && zip(one, two).allSatisfy { $0.means($1) }
    default: false
    }
  }
}

extension Glob {
  /// Whether both match the same of the names that are near their patterns.
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
