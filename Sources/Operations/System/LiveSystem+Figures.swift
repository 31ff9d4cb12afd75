import Privileges
import ProcessTable
package import Scanning
import SystemPackage

// What the kernel counts, of the network namespaces that are looked at and of no other.
extension LiveSystem {
  /// What the kernel counts of TCP, of all the namespaces together; nil when it says nothing.
  ///
  /// - Parameter gaps: namespaces that were not listed, and so are not counted either.
  package func kernelFigures(besides gaps: [NamespaceGap]) -> KernelFigures? {
    KernelFigures(sumOf: inEachNamespace(besides: gaps) { KernelFigures($0) }.map { $0.1 ?? nil })
  }

  /// What the kernel counts of listeners in each of the namespaces.
  ///
  /// - Parameter gaps: see ``kernelFigures(besides:)``.
  package func acceptFigures(besides gaps: [NamespaceGap]) -> [ScannedNamespace: AcceptFigures] {
    let settings = processes
    return inEachNamespace(besides: gaps) { AcceptFigures($0, settings: settings) }
      .reduce(into: [:]) { $0[$1.0] = $1.1 ?? AcceptFigures() }
  }

  /// What `read` finds in each namespace, given a `/proc` whose `net` is of it; nil of one that
  /// cannot be entered.
  private func inEachNamespace<Value>(
    besides gaps: [NamespaceGap], _ read: @escaping (ProcFileSystem) -> Value
  ) -> [(ScannedNamespace, Value?)] {
    let missing = Set(gaps.map(\.namespace))
    let ofThread = processes.ofThread
    return OwnPrivileges.raising(PrivilegedStep.enteringNamespace.needs) {
      namespaces.filter { !missing.contains($0.namespace) }.map { source in
        let namespace = source.namespace
        // A recording and the own namespace need no entering.
        guard !namespace.isOwn else { return (namespace, read(processes)) }
        return (namespace, try? source.entrance?.run { read(ofThread) })
      }
    }
  }
}
