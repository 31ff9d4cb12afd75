public import Connections
public import Selection

extension Policy {
  /// Whether the policy would still act on `connection`, looked at again right before it does.
  ///
  /// Counts, thresholds and earlier runs are not asked again: closing the first of a group makes it
  /// smaller.
  ///
  /// - Parameter past: what earlier runs know of the connection as it is now.
  public func stillCovers(
    _ connection: Connection, owners: some OwnerFacts, knownOwners: [OwnerProcess],
    controlGroup: ControlGroup? = nil, past: ConnectionPast? = nil
  ) -> Bool {
    var sorting = PolicySorting(self, takers: [:], history: nil, isSecondLook: true)
    sorting.sort(
      0,
      of: SingleConnection(
        connection: connection, owners: owners, knownOwners: knownOwners,
        controlGroup: controlGroup, past: past))
    return sorting.hasMembers
  }
}

/// One connection, looked at again.
private struct SingleConnection<Owners: OwnerFacts>: EvaluatedConnections {
  let connection: Connection
  let owners: Owners
  let knownOwners: [OwnerProcess]
  let controlGroup: ControlGroup?
  let past: ConnectionPast?

  var count: Int { 1 }
  func connection(at index: Int) -> Connection { connection }
  func owners(at index: Int) -> Owners { owners }
  func knownOwners(at index: Int) -> [OwnerProcess] { knownOwners }
  func controlGroup(at index: Int) -> ControlGroup? { controlGroup }
  func past(at index: Int) -> ConnectionPast? { past }
}
