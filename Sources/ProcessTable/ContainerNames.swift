public import Connections

/// What knows the containers and pods of this machine by more than their cgroups.
public protocol ContainerNames: Sendable {
  /// `group` with the names of its containers and its pod, as far as they are known.
  func naming(_ group: ControlGroup) -> ControlGroup
}
