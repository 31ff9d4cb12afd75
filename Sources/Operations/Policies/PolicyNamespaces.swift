import Connections
package import PolicyEngine
import Privileges
import ProcessTable
import Scanning
package import Selection

extension LiveSystem {
  /// Opens `source` and the network namespaces that `policies` name. For each that names none, that
  /// is the current one and, if it concerns containers or pods, those of their processes.
  ///
  /// - Returns: the system, and `policies` with their terms about namespaces resolved.
  package static func prepared(
    _ source: SystemSource, for policies: PolicySet
  ) throws(CommandFailure) -> (system: LiveSystem, policies: PolicySet) {
    let source = try ConnectionSource(source)
    let namespaces = try ExaminedNamespaces(of: source, for: policies)
    return (LiveSystem(source, namespaces), policies.resolving(namespaces.verdicts(of:)))
  }
}

extension ExaminedNamespaces {
  fileprivate init(of source: ConnectionSource, for policies: PolicySet) throws(CommandFailure) {
    guard source.isLive, policies.namesNamespaces else {
      self.init(currentOf: source)
      return
    }
    let matches = policies.policies.map(\.placedMatch)
    let examined = matches.reduce(Set([NamespaceName.own])) { $0.union($1.namespaces) }
    let concerned = policies.policies.map { policy in
      ContainerSelection(
        of: policy.match, countsContainers: policy.groupBy?.countsContainers == true)
    }
    try self.init(
      of: source, naming: examined, knowing: policies.namespaces, selectingAnyOf: matches,
      concerning: concerned, orFailWith: .badData, namedBy: "policy: netns")
  }
}

extension PolicySet {
  /// Whether other network namespaces may have to be entered, or told from each other.
  package var namesNamespaces: Bool {
    !namespaces.isEmpty || policies.contains { $0.placedMatch.namespaces.contains(.containers) }
  }

  /// The namespaces that the policies name anywhere.
  fileprivate var namespaces: Set<NamespaceName> {
    policies.reduce([]) { names, policy in
      let predicates = [policy.match] + policy.except + policy.protect.map(\.predicate)
      return predicates.reduce(names) { $0.union($1.namespaces) }
    }
  }

  /// The policies, each with its own namespaces among the examined ones.
  ///
  /// - Parameter verdicts: see ``ExaminedNamespaces/verdicts(of:)``.
  package func resolving(_ verdicts: (NamespaceName) -> [UInt16: Verdict]) -> PolicySet {
    PolicySet(
      policies: policies.map { policy in
        var policy = policy
        policy.match = policy.placedMatch.resolving(verdicts)
        policy.except = policy.except.map { $0.resolving(verdicts) }
        policy.protect = policy.protect.map {
          Protection(
            predicate: $0.predicate.resolving(verdicts), text: $0.text, line: $0.line)
        }
        return policy
      })
  }
}

extension Policy {
  /// What it matches, in the network namespaces that it is about.
  fileprivate var placedMatch: SelectionPredicate {
    match.limitedToDefaultNamespaces(countsContainers: groupBy?.countsContainers == true)
  }
}
