import PolicyEngine
import Privileges
import ProcessTable
import Scanning
import Selection

extension LiveSystem {
  /// The same system, looked at in the network namespaces that `policies` name: the current one for
  /// each that names none.
  func inNamespaces(of policies: PolicySet) throws(CommandFailure) -> LiveSystem {
    let matches = policies.policies.map { $0.match.limitedToOwnNamespace() }
    let lookedAt = matches.reduce(Set([NamespaceName.own])) { $0.union($1.namespaces) }
    let named = policies.policies.reduce(lookedAt) { names, policy in
      let spared = policy.except + policy.protect.map(\.predicate)
      return spared.reduce(names) { $0.union($1.namespaces) }
    }
    guard isLive, named != [.own] else { return self }
    return try inNamespaces(
      lookedAt, knowing: named, ofAnyOf: matches, orFailWith: .badData, saying: "policy: netns")
  }
}

extension PolicySet {
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
