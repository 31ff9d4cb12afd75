import Operations
import PolicyEngine
import Privileges

extension PrivilegedCommand {
  /// Gives up what only policies need that name network namespaces, when `policies` do not.
  func keepRights(for policies: PolicySet) throws(CommandFailure) {
    guard !policies.namesNamespaces else { return }
    try Rights.keep(needs.subtracting(PrivilegedStep.enteringNamespace.needs))
  }
}
