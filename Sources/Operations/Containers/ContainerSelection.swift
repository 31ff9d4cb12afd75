import Connections
package import Selection

/// Decides which containers' network namespaces are examined for a selection.
package struct ContainerSelection: Sendable {
  private let predicate: SelectionPredicate
  private let countsContainers: Bool

  /// - Parameter countsContainers: whether connections are counted by container or pod.
  package init(of predicate: SelectionPredicate, countsContainers: Bool) {
    self.predicate = predicate
    self.countsContainers = countsContainers
  }

  /// Whether the selection can include a process in `group`.
  func concerns(_ group: ControlGroup) -> Bool {
    guard predicate.namesContainers else { return countsContainers && !group.containers.isEmpty }
    return predicate.mayMatchContainer(group)
  }
}
