public import Connections

/// A selection made ready for many connections: what it needs is worked out once, and of the
/// terms that it joins the cheap ones come first and those about owners last.
///
/// To decide allocates nothing.
public struct PreparedSelection: Sendable {
  /// The selection, in the order of evaluation.
  public let predicate: SelectionPredicate
  /// ``SelectionPredicate/stateMask``.
  public let stateMask: TCPStateSet
  /// Whether a term asks about the processes that hold the socket.
  public let needsOwners: Bool
  /// Whether a term asks about cgroups.
  public let needsControlGroups: Bool
  /// Whether a term asks about a figure of `tcp_info`.
  public let needsFigures: Bool
  /// Whether a term asks who chose the local port.
  public let needsAutobound: Bool
  /// Whether a term asks about what only earlier runs have seen.
  public let needsHistory: Bool

  /// The selection made ready.
  public init(_ selection: SelectionPredicate) {
    predicate = selection.ordered.predicate
    stateMask = selection.stateMask
    needsOwners = selection.needsOwners
    needsControlGroups = selection.needsControlGroups
    needsFigures = selection.needsFigures
    needsAutobound = selection.needsAutobound
    needsHistory = selection.needsHistory
  }

  /// Whether `connection`, held by `owners`, is selected: only if the verdict is `yes`.
  ///
  /// It is `no` at once in a state that ``stateMask`` has not, even if something else is unknown.
  ///
  /// - Parameter past: what earlier runs know of the connection; nil when that is nothing.
  public func verdict(
    of connection: Connection, owners: some OwnerFacts, past: ConnectionPast? = nil
  ) -> Verdict {
    guard stateMask.contains(connection.state) else { return .no }
    return predicate.verdict(of: connection, owners: owners, past: past)
  }
}

extension SelectionPredicate {
  /// The same selection with the cheap parts first, and the cost of its terms together.
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
