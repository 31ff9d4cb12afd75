public import Connections

/// Knows the names of the machine's containers and pods, which their cgroups do not contain.
public protocol ContainerNames: Sendable {
  /// Returns `group` with the names of its containers and its pod, where they are known.
  func naming(_ group: ControlGroup) -> ControlGroup
}
