package import Connections
package import Selection

/// Which processes' network namespaces are looked at for a selection that is about containers.
package struct ContainerSelection: Sendable {
  private let predicate: SelectionPredicate
  private let countsContainers: Bool

  /// - Parameter countsContainers: whether what `predicate` selects is counted by container or pod.
  package init(of predicate: SelectionPredicate, countsContainers: Bool) {
    self.predicate = predicate
    self.countsContainers = countsContainers
  }

  /// Whether the selection can be about a process in `group`.
  package func isAbout(_ group: ControlGroup) -> Bool {
    guard predicate.namesContainers else { return countsContainers && !group.containers.isEmpty }
    return predicate.mayConcernContainer(group)
  }
}
