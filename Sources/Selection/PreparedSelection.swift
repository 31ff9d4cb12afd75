public import Connections

/// A selection prepared for evaluation on many connections.
///
/// Its needs are computed once. Cheap terms are evaluated first, terms about owners last.
/// Evaluation does not allocate.
public struct PreparedSelection: Sendable {
  /// The selection, in the order of evaluation.
  public let predicate: SelectionPredicate
  /// ``SelectionPredicate/stateMask``.
  public let stateMask: TCPStateSet
  /// Whether a term needs the owners of the socket.
  public let needsOwners: Bool
  /// Whether a term needs cgroups.
  public let needsControlGroups: Bool
  /// Whether a term needs a figure from `tcp_info`.
  public let needsFigures: Bool
  /// Whether a term needs to know if the kernel chose the local port.
  public let needsAutobound: Bool
  /// Whether a term needs the history of earlier runs.
  public let needsHistory: Bool

  /// Prepares `selection`.
  public init(_ selection: SelectionPredicate) {
    predicate = selection.ordered.predicate
    stateMask = selection.stateMask
    needsOwners = selection.needsOwners
    needsControlGroups = selection.needsControlGroups
    needsFigures = selection.needsFigures
    needsAutobound = selection.needsAutobound
    needsHistory = selection.needsHistory
  }

  /// The verdict on `connection`; only `yes` selects it.
  ///
  /// In a state outside ``stateMask`` it is `no`, even if other facts are unknown.
  ///
  /// - Parameter past: the history of the connection from earlier runs; nil if there is none.
  public func verdict(
    of connection: Connection, owners: some OwnerFacts, past: ConnectionPast? = nil
  ) -> Verdict {
    guard stateMask.contains(connection.state) else { return .no }
    return predicate.verdict(of: connection, owners: owners, past: past)
  }
}

extension SelectionPredicate {
  /// The same selection with the cheap parts first, and the total cost of its terms.
  fileprivate var ordered: (predicate: SelectionPredicate, cost: Int) {
    switch self {
    case .term(let term): return (self, term.cost)
    case .not(let part):
      let ordered = part.ordered
      return (.not(ordered.predicate), ordered.cost)
    case .all(let parts):
      let ordered = Self.ordered(parts)
      return (.all(ordered.parts), ordered.cost)
    case .any(let parts):
      let ordered = Self.ordered(parts)
      return (.any(ordered.parts), ordered.cost)
    }
  }

  private static func ordered(
    _ parts: [SelectionPredicate]
  ) -> (parts: [SelectionPredicate], cost: Int) {
    let ordered = parts.map(\.ordered).sorted { $0.cost < $1.cost }
    return (ordered.map(\.predicate), ordered.reduce(0) { $0 + $1.cost })
  }
}
