import ProcessTable
package import Scanning
package import SystemPackage

extension LiveSystem {
  /// Does `work` inside each network namespace that is looked at: settings are then its own.
  ///
  /// - Returns: what came of it in each; the reason for one that cannot be entered.
  package func insideEachNamespace<Value>(
    _ work: @escaping (LiveSystem) -> Value
  ) -> [(namespace: ScannedNamespace, value: Result<Value, Errno>)] {
    namespaces.map { source in
      let inside = LiveSystem(self, inside: source)
      guard !source.namespace.isOwn else { return (source.namespace, .success(work(inside))) }
      guard let entrance = source.entrance else {
        return (source.namespace, .failure(.notPermitted))
      }
      do throws(Errno) {
        return (source.namespace, .success(try entrance.run { work(inside) }))
      } catch {
        return (source.namespace, .failure(error))
      }
    }
  }
}
