import Privileges
package import Scanning
import SystemPackage

// The kernel's counters in the examined network namespaces.
extension LiveSystem {
  /// The kernel's TCP counters, summed over the namespaces; nil when it reports none.
  ///
  /// - Parameter gaps: namespaces that were not listed, and so are not counted.
  package func kernelCounters(besides gaps: [NamespaceGap]) -> KernelCounters? {
    let source = source
    return KernelCounters(
      sumOf: enteringEach(besides: gaps) { KernelCounters(source.inside($0).counters) }
        .map { try? $0.value.get() })
  }

  /// The kernel's counters of listeners in each namespace.
  ///
  /// - Parameter gaps: see ``kernelCounters(besides:)``.
  package func acceptFigures(besides gaps: [NamespaceGap]) -> [ScannedNamespace: AcceptFigures] {
    let source = source
    return enteringEach(besides: gaps) {
      AcceptFigures(source.inside($0).counters, settings: source.processes)
    }.reduce(into: [:]) { $0[$1.namespace] = (try? $1.value.get()) ?? AcceptFigures() }
  }

  private func enteringEach<Value>(
    besides gaps: [NamespaceGap], _ work: @escaping (NamespaceSource) -> Value
  ) -> [(namespace: ScannedNamespace, value: Result<Value, Errno>)] {
    OwnPrivileges.raising(PrivilegedStep.enteringNamespace.needs) {
      namespaces.enteringEach(besides: gaps, work)
    }
  }
}
