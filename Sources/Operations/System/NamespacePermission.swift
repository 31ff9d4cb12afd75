import Presentation
import Privileges
package import Scanning

extension LiveSystem {
  /// Ends a command that has printed what it could, with the exit code for a missing permission, if
  /// that kept network namespaces from being looked at: those of `gaps`, or of processes whose
  /// namespace could not be read.
  package func checkNamespaces(_ gaps: [NamespaceGap]) throws(CommandFailure) {
    if let failure = namespaceFailure(gaps) { throw failure }
  }

  /// The same for a command that has not printed yet; nil when nothing was kept from it.
  package func namespaceFailure(_ gaps: [NamespaceGap]) -> CommandFailure? {
    let isForbidden = gaps.contains(where: \.isForbidden) && missing(.enteringNamespace) != nil
    let isHidden = !namespaceNotices.isEmpty && missing(.readingOthersDescriptors) != nil
    return isForbidden || isHidden ? .silent(.permission) : nil
  }
}
