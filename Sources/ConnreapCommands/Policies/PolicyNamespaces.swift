import PolicyEngine
import Privileges
import ProcessTable
import Scanning
import Selection

extension LiveSystem {
  /// The same system, looked at in the network namespaces that `policies` name: the current one for
  /// each that names none.
  func inNamespaces(of policies: PolicySet) throws(CommandFailure) -> LiveSystem {
    guard isLive, policies.namesNamespaces else { return self }
    let matches = policies.policies.map { $0.match.limitedToOwnNamespace() }
    let lookedAt = matches.reduce(Set([NamespaceName.own])) { $0.union($1.namespaces) }
    return try inNamespaces(
      lookedAt, knowing: policies.namespaces, ofAnyOf: matches, orFailWith: .badData,
      saying: "policy: netns")
  }
}

extension PolicySet {
  /// Whether other network namespaces may have to be entered, or told from each other.
  var namesNamespaces: Bool { !namespaces.isEmpty }

  /// The namespaces that the policies name anywhere.
  fileprivate var namespaces: Set<NamespaceName> {
    policies.reduce([]) { names, policy in
      let predicates = [policy.match] + policy.except + policy.protect.map(\.predicate)
      return predicates.reduce(names) { $0.union($1.namespaces) }
    }
  }

  /// The policies, each with its own namespaces among those that `system` looks at.
  func knowing(_ system: LiveSystem) -> PolicySet {
    PolicySet(
      policies: policies.map { policy in
        var policy = policy
        policy.match = policy.match.limitedToOwnNamespace().knowing(system.verdicts(of:))
        policy.except = policy.except.map { $0.knowing(system.verdicts(of:)) }
        policy.protect = policy.protect.map {
          Protection(
            predicate: $0.predicate.knowing(system.verdicts(of:)), text: $0.text, line: $0.line)
        }
        return policy
      })
  }
}
