public import Connections
public import Selection

extension Snapshot {
  /// Whether `selection` depends on the owners of `connection` and these are unknown.
  ///
  /// False for sockets without an inode, such as in TIME_WAIT, because they have no owner.
  public func lacksOwner(
    of connection: Connection, for selection: SelectionPredicate
  ) -> Bool {
    lacksOwner(of: connection, for: PreparedSelection(selection), isConclusive: false)
  }

  /// The same for the selection of the scan itself; see ``ownerFacts(of:isConclusive:)``.
  func lacksOwner(
    of connection: Connection, for selection: PreparedSelection, isConclusive: Bool
  ) -> Bool {
    guard selection.needsOwners else { return false }
    let asked = AskedOwners(ownerFacts(of: connection, isConclusive: isConclusive))
    _ = selection.verdict(of: connection, owners: asked, past: past(of: connection))
    return asked.isAnyUnknown
  }
}

/// Owners that record whether a verdict about them was unknown.
private final class AskedOwners: OwnerFacts {
  private let facts: ConnectionOwners
  private(set) var isAnyUnknown = false

  init(_ facts: ConnectionOwners) { self.facts = facts }

  func anyOwner(_ matches: (OwnerProcess) -> Verdict) -> Verdict {
    let verdict = facts.anyOwner(matches)
    if verdict == .unknown { isAnyUnknown = true }
    return verdict
  }

  var origin: ControlGroup? { facts.origin }
}
