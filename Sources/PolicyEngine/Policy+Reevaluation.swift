public import Connections
public import Selection

extension Policy {
  /// The verdict of a policy about a connection that is read again.
  public enum Reevaluation: Equatable, Sendable {
    /// The policy still acts on it.
    case covered
    /// The protection with this text covers it.
    case protected(String)
    /// The policy no longer acts on it.
    case notCovered
  }

  /// Whether the policy still acts on `connection`, read again right before it is closed.
  ///
  /// Counts, thresholds and earlier runs are not checked again: closing connections shrinks their
  /// group.
  ///
  /// - Parameter past: what earlier runs recorded about the connection.
  public func reevaluate(
    at connection: Connection, owners: some OwnerFacts, knownOwners: [OwnerProcess],
    controlGroup: ControlGroup? = nil, past: ConnectionPast? = nil
  ) -> Reevaluation {
    var sorting = PolicySorting(self, takers: [:], history: nil, isSecondLook: true)
    sorting.sort(
      0,
      of: SingleConnection(
        connection: connection, owners: owners, knownOwners: knownOwners,
        controlGroup: controlGroup, past: past))
    if sorting.hasMembers { return .covered }
    return sorting.firstProtection.map { .protected(protect[$0].text) } ?? .notCovered
  }

  /// Whether the policy needs the command lines of owners.
  public var needsCommands: Bool {
    match.needsCommands || except.contains(where: \.needsCommands)
      || protect.contains { $0.predicate.needsCommands }
  }

  /// Whether the policy could spare a connection because a process like `process` is an owner.
  public func maySpare(ownersLike process: OwnerProcess) -> Bool {
    match.mayExclude(ownersLike: process)
      || except.contains { $0.mayInclude(ownersLike: process) }
      || protect.contains { $0.predicate.mayInclude(ownersLike: process) }
  }
}

/// One connection, read again.
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
