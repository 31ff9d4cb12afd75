public import Connections

// The network namespaces of a selection.
extension SelectionPredicate {
  /// The namespaces that terms name.
  public var namespaces: Set<NamespaceName> {
    switch self {
    case .term(.namespace(let term)): [term.name]
    case .term: []
    case .all(let parts), .any(let parts): parts.reduce([]) { $0.union($1.namespaces) }
    case .not(let part): part.namespaces
    }
  }

  /// The selection, limited to the default namespaces if it names none.
  ///
  /// - Parameter countsContainers: whether the results are grouped by container or pod.
  public func limitedToDefaultNamespaces(countsContainers: Bool) -> SelectionPredicate {
    guard namespaces.isEmpty else { return self }
    let isOfContainers = countsContainers || namesContainers
    return .all([.term(.namespace(NamespaceTerm(isOfContainers ? .containers : .own))), self])
  }

  /// Whether a term names a container or a pod.
  public var namesContainers: Bool {
    hasTerm { if case .container = $0 { true } else if case .pod = $0 { true } else { false } }
  }

  /// Whether a process in `group` is, or may be, in a container or pod that a term names.
  public func mayMatchContainer(_ group: ControlGroup) -> Bool {
    hasTerm { term in term.containerVerdict(of: group).map { $0 != .no } ?? false }
  }

  /// The selection with its namespace names resolved to the namespaces of a scan.
  ///
  /// An interface index is valid only in the namespace of connreap. In other namespaces, a term
  /// about it becomes unknown.
  ///
  /// - Parameter verdicts: the verdict of a name for each namespace, by index.
  public func resolving(
    _ verdicts: (NamespaceName) -> [UInt16: Verdict]
  ) -> SelectionPredicate {
    switch self {
    case .term(.namespace(let term)):
      return .term(.namespace(NamespaceTerm(term.name, verdicts: verdicts(term.name))))
    case .term(.interface):
      let own = verdicts(.own)
      guard own.values.contains(where: { $0 != .yes }) else { return self }
      let others = own.mapValues { $0 == .yes ? Verdict.no : .unknown }
      return .any([
        .all([.term(.namespace(NamespaceTerm(.own, verdicts: own))), self]),
        .term(.namespace(NamespaceTerm(.own, verdicts: others))),
      ])
    case .term: return self
    case .all(let parts): return .all(parts.map { $0.resolving(verdicts) })
    case .any(let parts): return .any(parts.map { $0.resolving(verdicts) })
    case .not(let part): return .not(part.resolving(verdicts))
    }
  }

  /// Whether the selection can match any connection in the namespace with this index.
  public func isPossible(in namespace: UInt16) -> Bool { verdict(in: namespace) != .no }

  private func verdict(in namespace: UInt16) -> Verdict {
    switch self {
    case .term(.namespace(let term)): term.verdict(in: namespace)
    case .term: .unknown
    case .all(let parts): parts.reduce(.yes) { $0.and($1.verdict(in: namespace)) }
    case .any(let parts): parts.reduce(.no) { $0.or($1.verdict(in: namespace)) }
    case .not(let part): part.verdict(in: namespace).negated
    }
  }
}
