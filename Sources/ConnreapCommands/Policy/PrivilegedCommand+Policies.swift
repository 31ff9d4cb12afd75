import Operations
import PolicyEngine
import Privileges

extension PrivilegedCommand {
  /// Drops the capability for entering network namespaces unless `policies` name some.
  func keepRights(for policies: PolicySet) throws(CommandFailure) {
    guard !policies.namesNamespaces else { return }
    try Rights.keep(needs.subtracting(PrivilegedStep.enteringNamespace.needs))
  }
}
