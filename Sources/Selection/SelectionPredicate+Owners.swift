public import Connections

// The effect of an additional owner. Terms about owners match if any owner matches, so an
// additional owner can only make a term true.
extension SelectionPredicate {
  /// Whether an owner like `process` could make the selection omit a connection that it selects
  /// without that owner.
  public func mayExclude(ownersLike process: OwnerProcess) -> Bool {
    mayChange(process, isNegated: false)
  }

  /// Whether an owner like `process` could make the selection include a connection that it omits
  /// without that owner.
  public func mayInclude(ownersLike process: OwnerProcess) -> Bool {
    mayChange(process, isNegated: true)
  }

  /// Whether it selects everything that `process` holds; nil if that depends on more than owners.
  ///
  /// Terms about namespaces limit the scan and are ignored.
  public func verdict(ofOwner process: OwnerProcess) -> Verdict? {
    switch self {
    case .term(.namespace): return .yes
    case .term(let term): return term.ownerVerdict(of: process)
    case .all(let parts):
      return parts.reduce(.yes) { verdict, part in
        verdict.flatMap { verdict in part.verdict(ofOwner: process).map { verdict.and($0) } }
      }
    case .any(let parts):
      return parts.reduce(.no) { verdict, part in
        verdict.flatMap { verdict in part.verdict(ofOwner: process).map { verdict.or($0) } }
      }
    case .not(let part): return part.verdict(ofOwner: process)?.negated
    }
  }

  private func mayChange(_ process: OwnerProcess, isNegated: Bool) -> Bool {
    switch self {
    case .term(let term): isNegated && term.needsOwners && term.verdict(of: process) != .no
    case .all(let parts), .any(let parts):
      parts.contains { $0.mayChange(process, isNegated: isNegated) }
    case .not(let part): part.mayChange(process, isNegated: !isNegated)
    }
  }
}
