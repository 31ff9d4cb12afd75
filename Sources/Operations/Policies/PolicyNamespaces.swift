package import PolicyEngine
import Privileges
import ProcessTable
import Scanning
import Selection

extension LiveSystem {
  /// The same system, looked at in the network namespaces that `policies` name. For each that names
  /// none, that is the current one and, if it is about containers or pods, those of their processes.
  package func inNamespaces(of policies: PolicySet) throws(CommandFailure) -> LiveSystem {
    guard isLive, policies.namesNamespaces else { return self }
    let matches = policies.policies.map(\.placedMatch)
    let lookedAt = matches.reduce(Set([NamespaceName.own])) { $0.union($1.namespaces) }
    let about = policies.policies.map { policy in
      ContainerSelection(of: policy.match, countsContainers: policy.groupBy.countsContainers)
    }
    return try inNamespaces(
      lookedAt, knowing: policies.namespaces, ofAnyOf: matches, about: about, orFailWith: .badData,
      saying: "policy: netns")
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

  /// The policies, each with its own namespaces among those that `system` looks at.
  package func knowing(_ system: LiveSystem) -> PolicySet {
    PolicySet(
      policies: policies.map { policy in
        var policy = policy
        policy.match = policy.placedMatch.knowing(system.verdicts(of:))
        policy.except = policy.except.map { $0.knowing(system.verdicts(of:)) }
        policy.protect = policy.protect.map {
          Protection(
            predicate: $0.predicate.knowing(system.verdicts(of:)), text: $0.text, line: $0.line)
        }
        return policy
      })
  }
}

extension Policy {
  /// What it matches, in the network namespaces that it is about.
  fileprivate var placedMatch: SelectionPredicate {
    match.limitedToDefaultNamespaces(countsContainers: groupBy.countsContainers)
  }
}
