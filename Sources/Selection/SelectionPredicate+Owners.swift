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

  /// Whether it depends on nothing but the owners of a connection. Terms about namespaces limit the
  /// scan and do not count.
  public var concernsOnlyOwners: Bool {
    switch self {
    case .term(.namespace): true
    case .term(let term): term.needsOwners
    case .all(let parts), .any(let parts): parts.allSatisfy(\.concernsOnlyOwners)
    case .not(let part): part.concernsOnlyOwners
    }
  }

  /// Whether it selects everything that `process` holds; unknown if that depends on more than
  /// owners.
  public func verdict(ofOwner process: OwnerProcess) -> Verdict {
    switch self {
    case .term(.namespace): .yes
    case .term(let term): term.ownerVerdict(of: process) ?? .unknown
    case .all(let parts): parts.reduce(.yes) { $0.and($1.verdict(ofOwner: process)) }
    case .any(let parts): parts.reduce(.no) { $0.or($1.verdict(ofOwner: process)) }
    case .not(let part): part.verdict(ofOwner: process).negated
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
