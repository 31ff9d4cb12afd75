public import Connections

// Which network namespaces a selection is about.
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

  /// The selection, without a namespace in it limited to the namespaces that are looked at then.
  ///
  /// - Parameter countsContainers: whether what it selects is counted by container or pod.
  public func limitedToDefaultNamespaces(countsContainers: Bool) -> SelectionPredicate {
    guard namespaces.isEmpty else { return self }
    let isOfContainers = countsContainers || namesContainers
    return .all([.term(.namespace(NamespaceTerm(isOfContainers ? .containers : .own))), self])
  }

  /// Whether a term names a container or a pod.
  public var namesContainers: Bool {
    hasTerm { if case .container = $0 { true } else if case .pod = $0 { true } else { false } }
  }

  /// Whether a term names a container or a pod that a process in `group` is in, or may be in.
  public func mayConcernContainer(_ group: ControlGroup) -> Bool {
    hasTerm { term in term.containerVerdict(of: group).map { $0 != .no } ?? false }
  }

  /// The selection that knows which of the namespaces that were looked at its terms name.
  ///
  /// The number of an interface means another one elsewhere: where that is looked at, a term about
  /// one is unknown there.
  ///
  /// - Parameter verdicts: what a name says of each namespace, by its index.
  public func knowing(
    _ verdicts: (NamespaceName) -> [UInt16: Verdict]
  ) -> SelectionPredicate {
    switch self {
    case .term(.namespace(let term)):
      return .term(.namespace(NamespaceTerm(term.name, verdicts: verdicts(term.name))))
    case .term(.interface):
      let own = verdicts(.own)
      guard own.values.contains(where: { $0 != .yes }) else { return self }
      let elsewhere = own.mapValues { $0 == .yes ? Verdict.no : .unknown }
      return .any([
        .all([.term(.namespace(NamespaceTerm(.own, verdicts: own))), self]),
        .term(.namespace(NamespaceTerm(.own, verdicts: elsewhere))),
      ])
    case .term: return self
    case .all(let parts): return .all(parts.map { $0.knowing(verdicts) })
    case .any(let parts): return .any(parts.map { $0.knowing(verdicts) })
    case .not(let part): return .not(part.knowing(verdicts))
    }
  }

  /// Whether a connection in the namespace with this index can be selected at all.
  public func isPossible(in namespace: UInt16) -> Bool { outlook(in: namespace) != .no }

  private func outlook(in namespace: UInt16) -> Verdict {
    switch self {
    case .term(.namespace(let term)): term.verdict(in: namespace)
    case .term: .unknown
    case .all(let parts): parts.reduce(.yes) { $0.and($1.outlook(in: namespace)) }
    case .any(let parts): parts.reduce(.no) { $0.or($1.outlook(in: namespace)) }
    case .not(let part): part.outlook(in: namespace).negated
    }
  }
}
