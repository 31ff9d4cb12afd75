import Presentation
package import Privileges
package import Scanning

extension LiveSystem {
  /// The capabilities that `step` lacks; nil when none is missing, and for a recording.
  package func missing(_ step: PrivilegedStep) -> MissingCapabilities? {
    isLive ? MissingCapabilities(step) : nil
  }

  /// Ends a command that has printed what it could with the exit code for a missing permission, if
  /// that hid network namespaces.
  ///
  /// - Parameter gaps: namespaces that could not be listed.
  package func checkNamespaces(_ gaps: [NamespaceGap]) throws(CommandFailure) {
    if let failure = namespaceFailure(gaps) { throw failure }
  }

  /// The failure of ``checkNamespaces(_:)`` for a command that has not printed yet.
  package func namespaceFailure(_ gaps: [NamespaceGap]) -> CommandFailure? {
    let isForbidden = gaps.contains(where: \.isForbidden) && missing(.enteringNamespace) != nil
    let isHidden = !namespaces.notices.isEmpty && missing(.readingOthersDescriptors) != nil
    return isForbidden || isHidden ? .silent(.permission) : nil
  }
}
