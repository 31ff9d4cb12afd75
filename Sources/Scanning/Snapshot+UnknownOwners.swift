public import Connections
public import Selection

extension Snapshot {
  /// Whether `selection` depends on who holds `connection`, and that is unknown: an owner that
  /// cannot be seen decides it.
  ///
  /// Sockets without an inode, such as TIME_WAIT, have no owner, and nothing to see.
  public func lacksOwner(
    of connection: Connection, for selection: SelectionPredicate
  ) -> Bool {
    lacksOwner(of: connection, for: PreparedSelection(selection), isAnswer: false)
  }

  /// The same for the selection of the scan itself; see ``ownerFacts(of:isAnswer:)``.
  func lacksOwner(
    of connection: Connection, for selection: PreparedSelection, isAnswer: Bool
  ) -> Bool {
    guard selection.needsOwners else { return false }
    let asked = AskedOwners(ownerFacts(of: connection, isAnswer: isAnswer))
    _ = selection.verdict(of: connection, owners: asked, past: past(of: connection))
    return asked.isAnyUnknown
  }
}

/// Owners that note whether a question about them had no answer.
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
