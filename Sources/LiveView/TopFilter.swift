import Operations
import Reports
package import Selection

/// The filter of the live view: what was typed, and what of it counts.
package struct TopFilter {
  /// The last text that made sense; empty for none.
  private(set) var applied = ""
  /// What it selects; nil for everything.
  package private(set) var predicate: SelectionPredicate?
  /// What is being typed; nil when nothing is.
  private(set) var editor: LineEditor?
  /// What is wrong with what is being typed.
  package private(set) var problem: FilterProblem?
  /// The text whose names of hosts are being looked up; nil when none is.
  package private(set) var pending: String?

  /// Whether what was typed has not been read yet.
  private(set) var isUnread = false

  private let names: TypingNames
  private var before: (text: String, predicate: SelectionPredicate?) = ("", nil)

  package init(names: any NameResolver) {
    self.names = TypingNames(names: names)
  }

  /// Starts to type, with what counts now.
  package mutating func begin() {
    before = (applied, predicate)
    isUnread = false
    editor = LineEditor(applied)
    problem = nil
  }

  /// Takes a key; what it makes of the text is read by ``read()``.
  package mutating func type(_ key: (inout LineEditor) -> Bool) {
    guard var editor, key(&editor) else { return }
    self.editor = editor
    pending = nil
    isUnread = true
  }

  /// Reads what was typed. What makes sense counts at once.
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

  /// Ends the typing.
  ///
  /// - Returns: a text to look up, names of hosts and all.
  package mutating func accept() -> String? {
    defer {
      if problem == nil { editor = nil }
    }
    guard let text = editor?.text, problem?.isPostponed == true else { return nil }
    pending = text
    return text
  }

  /// Ends the typing, with the filter that counted before it.
  mutating func cancel() {
    editor = nil
    isUnread = false
    pending = nil
    use(before.text, before.predicate)
  }

  /// Takes what looking up the names in `text` gave.
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
  /// Whether nothing is wrong but that the name of a host was not looked up yet.
  fileprivate var isPostponed: Bool {
    if case .value(let problem) = kind, case .hostLookup(.postponed) = problem.kind {
      true
    } else {
      false
    }
  }
}
