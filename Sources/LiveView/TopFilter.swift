import Operations
import Reports
package import Selection

/// The filter of the live view: the text being typed, and the filter in effect.
package struct TopFilter {
  /// The last valid text, which is in effect; empty for none.
  private(set) var applied = ""
  /// The predicate of ``applied``; nil for everything, and if it is a ``word``.
  package private(set) var predicate: SelectionPredicate?
  /// The word to search for, if ``applied`` is not an expression; nil otherwise.
  package private(set) var word: String?
  /// The text being typed; nil if the filter is not being edited.
  private(set) var editor: LineEditor?
  /// The error in the text being typed.
  package private(set) var problem: FilterProblem?
  /// The text whose host names are being looked up; nil if there is none.
  package private(set) var pending: String?

  /// Whether the text has changed since it was last parsed.
  private(set) var isUnread = false

  private let names: LocalNameResolver
  private var previous: (text: String, predicate: SelectionPredicate?, word: String?) = (
    "", nil, nil
  )

  /// The text of the expression that scans apply; empty if there is none.
  package var expression: String { word == nil ? applied : "" }

  package init(names: any NameResolver) {
    self.names = LocalNameResolver(names: names)
  }

  /// Starts editing, with the current filter as text.
  package mutating func begin() {
    previous = (applied, predicate, word)
    isUnread = false
    editor = LineEditor(applied)
    problem = nil
  }

  /// Applies `key` to the text. Call ``read()`` to parse the result.
  package mutating func type(_ key: (inout LineEditor) -> Bool) {
    guard var editor, key(&editor) else { return }
    self.editor = editor
    pending = nil
    isUnread = true
  }

  /// Parses the text. A valid filter takes effect at once.
  package mutating func read() {
    guard isUnread, let editor else { return }
    isUnread = false
    let text = editor.text
    let trimmed = text.trimmed
    guard !trimmed.isEmpty else { return use("", nil) }
    do throws(FilterProblem) {
      use(trimmed, try SelectionFilter.parse(text, names: names))
    } catch {
      if error.isAboutPlainWord, !error.isPostponed {
        (applied, predicate, word, problem) = (trimmed, nil, trimmed, nil)
      } else {
        // What looked like a word was the start of this expression.
        if word != nil { restorePrevious() }
        problem = error
      }
    }
  }

  /// Ends editing if the text is valid.
  ///
  /// - Returns: a text whose host names must be looked up first; nil if there are none.
  package mutating func accept() -> String? {
    defer {
      if problem == nil { editor = nil }
    }
    guard let text = editor?.text, problem?.isPostponed == true else { return nil }
    pending = text
    return text
  }

  /// Ends editing, and restores the previous filter.
  mutating func cancel() {
    editor = nil
    isUnread = false
    pending = nil
    restorePrevious()
  }

  /// Handles the result of looking up the names in `text`.
  mutating func lookedUp(_ text: String, _ result: Result<SelectionPredicate, FilterProblem>) {
    guard text == pending else { return }
    pending = nil
    switch result {
    case .success(let predicate):
      editor = nil
      use(text, predicate)
    case .failure(let problem): self.problem = problem
    }
  }

  private mutating func restorePrevious() {
    (applied, predicate, word, problem) = (previous.text, previous.predicate, previous.word, nil)
  }

  private mutating func use(_ text: String, _ predicate: SelectionPredicate?) {
    (applied, self.predicate, word, problem) = (text, predicate, nil, nil)
  }
}

extension FilterProblem {
  /// Whether the filter is one word that begins no expression, such as a part of a name.
  fileprivate var isAboutPlainWord: Bool {
    let isOneWord = !filter.trimmed.contains { " =<>!()&|\"'".contains($0) }
    // Nothing is wrong with an expression that is still being typed, except that it ends here.
    let isUnfinished = kind == .unexpected && range.isEmpty
    return isOneWord && !isUnfinished
  }

  /// Whether the only problem is a host name that is not looked up yet.
  fileprivate var isPostponed: Bool {
    if case .value(let problem) = kind, case .hostLookup(.postponed) = problem.kind {
      true
    } else {
      false
    }
  }
}

extension String {
  /// The text without spaces at either end.
  fileprivate var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
