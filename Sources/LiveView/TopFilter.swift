import Operations
import Reports
package import Selection

/// The filter of the live view: the text being typed, and the filter in effect.
package struct TopFilter {
  /// The last valid text, which is in effect; empty for none.
  private(set) var applied = ""
  /// The predicate of ``applied``; nil for everything.
  package private(set) var predicate: SelectionPredicate?
  /// The text being typed; nil if the filter is not being edited.
  private(set) var editor: LineEditor?
  /// The error in the text being typed.
  package private(set) var problem: FilterProblem?
  /// The text whose host names are being looked up; nil if there is none.
  package private(set) var pending: String?

  /// Whether the text has changed since it was last parsed.
  private(set) var isUnread = false

  private let names: LocalNameResolver
  private var previous: (text: String, predicate: SelectionPredicate?) = ("", nil)

  package init(names: any NameResolver) {
    self.names = LocalNameResolver(names: names)
  }

  /// Starts editing, with the current filter as text.
  package mutating func begin() {
    previous = (applied, predicate)
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
    let trimmed = text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
    guard !trimmed.isEmpty else { return use("", nil) }
    do throws(FilterProblem) {
      use(String(trimmed), try SelectionFilter.parse(text, names: names))
    } catch {
      problem = error
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
    use(previous.text, previous.predicate)
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

  private mutating func use(_ text: String, _ predicate: SelectionPredicate?) {
    (applied, self.predicate, problem) = (text, predicate, nil)
  }
}

extension FilterProblem {
  /// Whether the only problem is a host name that is not looked up yet.
  fileprivate var isPostponed: Bool {
    if case .value(let problem) = kind, case .hostLookup(.postponed) = problem.kind {
      true
    } else {
      false
    }
  }
}
