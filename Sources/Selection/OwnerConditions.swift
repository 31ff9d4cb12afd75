public import Connections

/// Alternative conditions on a process, one of which an owner must meet for a selection to match.
///
/// A scan can skip processes that certainly meet none of them.
public struct OwnerConditions: Sendable {
  private let terms: [SelectionTerm]

  /// The conditions of `selection`.
  ///
  /// Nil if other owners matter too, because it requires no process or negates a term about one.
  public init?(_ selection: SelectionPredicate) {
    var terms: [SelectionTerm] = []
    for part in selection.conjuncts where part.needsOwners {
      guard let alternatives = part.processAlternatives else { return nil }
      terms += alternatives
    }
    guard !terms.isEmpty else { return nil }
    self.terms = terms
  }

  /// The only processes that can meet a condition; nil if a condition is a name.
  public var pids: Set<Int32>? {
    var pids: Set<Int32> = []
    for term in terms {
      guard case .pid(let pid) = term else { return nil }
      pids.insert(pid)
    }
    return pids
  }

  /// Whether a condition needs command lines.
  public var needsCommands: Bool { terms.contains(where: \.needsCommands) }

  /// Whether `process` meets a condition, or may meet one because a fact is unknown.
  public func admit(_ process: OwnerProcess) -> Bool {
    terms.contains { $0.verdict(of: process) != .no }
  }
}

extension SelectionPredicate {
  /// The process terms, of which one must match; nil if the predicate has another form.
  fileprivate var processAlternatives: [SelectionTerm]? {
    switch self {
    case .term(.pid), .term(.process), .term(.command):
      guard case .term(let term) = self else { return nil }
      return [term]
    case .any(let parts) where !parts.isEmpty:
      var terms: [SelectionTerm] = []
      for part in parts {
        guard let alternatives = part.processAlternatives else { return nil }
        terms += alternatives
      }
      return terms
    case .term, .any, .all, .not: return nil
    }
  }
}
