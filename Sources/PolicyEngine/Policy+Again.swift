public import Connections
public import Selection

extension Policy {
  /// Whether the policy would still act on `connection`, looked at again right before it does.
  ///
  /// Counts and thresholds are not asked again: closing the first of a group makes it smaller.
  public func stillCovers(
    _ connection: Connection, owners: some OwnerFacts, knownOwners: [OwnerProcess],
    controlGroup: ControlGroup? = nil
  ) -> Bool {
    var sorting = PolicySorting(self, takers: [:])
    sorting.sort(
      0,
      of: SingleConnection(
        connection: connection, owners: owners, knownOwners: knownOwners,
        controlGroup: controlGroup))
    return sorting.hasMembers
  }
}

/// One connection, looked at again.
private struct SingleConnection<Owners: OwnerFacts>: EvaluatedConnections {
  let connection: Connection
  let owners: Owners
  let knownOwners: [OwnerProcess]
  let controlGroup: ControlGroup?

  var count: Int { 1 }
  func connection(at index: Int) -> Connection { connection }
  func owners(at index: Int) -> Owners { owners }
  func knownOwners(at index: Int) -> [OwnerProcess] { knownOwners }
  func controlGroup(at index: Int) -> ControlGroup? { controlGroup }
}
