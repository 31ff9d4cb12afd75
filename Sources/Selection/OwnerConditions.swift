public import Connections

/// What an owner must be, one of several things, for a selection to select its connections.
///
/// Processes of which that is certainly not so need not be looked at.
public struct OwnerConditions: Sendable {
  private let terms: [SelectionTerm]

  /// The conditions of `selection`; nil where owners that fulfil none of them matter too: because
  /// it does not ask for a process, or also asks for what an owner is not.
  public init?(_ selection: SelectionPredicate) {
    var terms: [SelectionTerm] = []
    for part in selection.conjuncts where part.needsOwners {
      guard let alternatives = part.processAlternatives else { return nil }
      terms += alternatives
    }
    guard !terms.isEmpty else { return nil }
    self.terms = terms
  }

  /// The only processes that can fulfil one; nil where a name can.
  public var pids: Set<Int32>? {
    var pids: Set<Int32> = []
    for term in terms {
      guard case .pid(let pid) = term else { return nil }
      pids.insert(pid)
    }
    return pids
  }

  /// Whether `process` fulfils one, or may, for want of a fact.
  public func admit(_ process: OwnerProcess) -> Bool {
    terms.contains { $0.verdict(of: process) != .no }
  }
}

extension SelectionPredicate {
  /// The terms about a process of which one must be so; nil when there are others.
  fileprivate var processAlternatives: [SelectionTerm]? {
    switch self {
    case .term(.pid), .term(.process):
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
