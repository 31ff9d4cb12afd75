public import Connections
public import Selection

extension Policy {
  /// What the policy says of a connection that is looked at again.
  public enum SecondLook: Equatable, Sendable {
    /// It would still act on it.
    case covered
    /// A protection of its file covers it; the text of the protection.
    case protected(String)
    /// It would not act on it any more.
    case notCovered
  }

  /// Whether the policy would still act on `connection`, looked at again right before it does.
  ///
  /// Counts, thresholds and earlier runs are not asked again: closing the first of a group makes it
  /// smaller.
  ///
  /// - Parameter past: what earlier runs know of the connection as it is now.
  public func secondLook(
    at connection: Connection, owners: some OwnerFacts, knownOwners: [OwnerProcess],
    controlGroup: ControlGroup? = nil, past: ConnectionPast? = nil
  ) -> SecondLook {
    var sorting = PolicySorting(self, takers: [:], history: nil, isSecondLook: true)
    sorting.sort(
      0,
      of: SingleConnection(
        connection: connection, owners: owners, knownOwners: knownOwners,
        controlGroup: controlGroup, past: past))
    if sorting.hasMembers { return .covered }
    return sorting.firstProtection.map { .protected(protect[$0].text) } ?? .notCovered
  }

  /// Whether the policy could spare a connection because a process like `process` is an owner.
  public func maySpare(ownersLike process: OwnerProcess) -> Bool {
    match.mayExclude(ownersLike: process)
      || except.contains { $0.mayInclude(ownersLike: process) }
      || protect.contains { $0.predicate.mayInclude(ownersLike: process) }
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
