public import Connections

/// A selection of connections: terms joined by and, or and not.
public indirect enum SelectionPredicate: Equatable, Sendable {
  /// A single condition.
  case term(SelectionTerm)
  /// True if all parts are; empty, it selects every connection.
  case all([SelectionPredicate])
  /// True if any part is; empty, it selects no connection.
  case any([SelectionPredicate])
  /// True if the part is not.
  case not(SelectionPredicate)

  /// Selects every connection.
  public static let everything = SelectionPredicate.all([])

  /// The verdict on `connection`; only `yes` selects it.
  ///
  /// For many connections, ``PreparedSelection`` is faster.
  ///
  /// - Parameter past: the history of the connection from earlier runs; nil if there is none.
  public func verdict(
    of connection: Connection, owners: some OwnerFacts, past: ConnectionPast? = nil
  ) -> Verdict {
    switch self {
    case .term(let term): return term.verdict(of: connection, owners: owners, past: past)
    case .all(let parts):
      var verdict = Verdict.yes
      for part in parts {
        verdict = verdict.and(part.verdict(of: connection, owners: owners, past: past))
        if verdict == .no { break }
      }
      return verdict
    case .any(let parts):
      var verdict = Verdict.no
      for part in parts {
        verdict = verdict.or(part.verdict(of: connection, owners: owners, past: past))
        if verdict == .yes { break }
      }
      return verdict
    case .not(let part): return part.verdict(of: connection, owners: owners, past: past).negated
    }
  }
}

// Properties that do not depend on a connection.
extension SelectionPredicate {
  /// Whether it selects every connection, whatever the values of its terms.
  public var selectsEverything: Bool { constant == true }

  /// Whether it selects every connection in the states that `ss` shows without `-a`.
  public var selectsEveryConnection: Bool {
    TCPStateSet.shownByDefault.states.allSatisfy { constant(in: $0) == true }
  }

  /// Whether it selects every connection in `state`.
  public func selectsAll(in state: TCPState) -> Bool { constant(in: state) == true }

  private var constant: Bool? { constant(in: nil) }

  /// The value that does not depend on terms other than states; nil if it depends on them.
  ///
  /// Terms about states are evaluated only if `state` is given.
  private func constant(in state: TCPState?) -> Bool? {
    switch self {
    case .term(.states(let states)): return state.map(states.contains)
    // A namespace limits the scan; it does not describe a connection.
    case .term(.namespace), .not(.term(.namespace)): return true
    case .term: return nil
    case .all(let parts):
      if parts.contains(where: { $0.constant(in: state) == false }) { return false }
      return parts.allSatisfy { $0.constant(in: state) == true } ? true : nil
    case .any(let parts):
      if parts.contains(where: { $0.constant(in: state) == true }) { return true }
      return parts.allSatisfy { $0.constant(in: state) == false } ? false : nil
    case .not(let part): return part.constant(in: state).map { !$0 }
    }
  }

  /// The states that terms name explicitly.
  ///
  /// A group such as `all` names none of its states explicitly.
  public var explicitStates: TCPStateSet {
    let groups: [TCPStateSet] = [
      .all, .connected, .synchronized, .bucket, .big, .shownByDefault,
    ]
    switch self {
    case .term(.states(let states)): return groups.contains(states) ? [] : states
    case .term, .not: return []
    case .all(let parts), .any(let parts):
      return parts.reduce([]) { $0.union($1.explicitStates) }
    }
  }

  /// Whether a term is about states.
  public var namesStates: Bool {
    hasTerm { if case .states = $0 { true } else { false } }
  }

  /// Whether a term needs the owners of the socket.
  public var needsOwners: Bool { hasTerm(where: \.needsOwners) }

  /// Whether a term needs the command lines of the owners.
  public var needsCommands: Bool { hasTerm(where: \.needsCommands) }

  /// Whether a term names an interface by an index that is valid in one namespace only.
  public var namesInterfaces: Bool {
    hasTerm { if case .interface = $0 { true } else { false } }
  }

  /// Whether a term is about marks, which the kernel reports only with CAP_NET_ADMIN.
  public var namesMarks: Bool {
    hasTerm { if case .mark = $0 { true } else { false } }
  }

  /// Whether a term needs cgroups.
  public var needsControlGroups: Bool { hasTerm(where: \.needsControlGroups) }

  /// Whether a term needs a figure from `tcp_info`.
  public var needsFigures: Bool { hasTerm(where: \.needsFigures) }

  /// Whether a term requires an idle time above 49.7 days, where the kernel's counter wraps.
  public var exceedsKernelIdleLimit: Bool {
    hasTerm { if case .idle(let least) = $0 { least > UInt64(UInt32.max) } else { false } }
  }

  /// The shortest idle time that a term requires, in milliseconds; nil if none does.
  public var shortestIdle: UInt64? {
    switch self {
    case .term(.idle(let least)): least
    case .term: nil
    case .all(let parts), .any(let parts): parts.compactMap(\.shortestIdle).min()
    case .not(let part): part.shortestIdle
    }
  }

  /// Whether a term needs the history of earlier runs.
  public var needsHistory: Bool { hasTerm(where: \.needsHistory) }

  /// Whether a term needs to know if the kernel chose the local port.
  public var needsAutobound: Bool { hasTerm(where: \.needsAutobound) }

  func hasTerm(where matches: (SelectionTerm) -> Bool) -> Bool {
    switch self {
    case .term(let term): matches(term)
    case .all(let parts), .any(let parts): parts.contains { $0.hasTerm(where: matches) }
    case .not(let part): part.hasTerm(where: matches)
    }
  }

  /// The selection, limited to the states that `ss` shows without `-a` if it names no state.
  public func limitedToDefaultStates() -> SelectionPredicate {
    namesStates ? self : .all([.term(.states(.shownByDefault)), self])
  }

  /// The selection, extended to all states if it names none, including sockets only bound to a
  /// port.
  public func includingBoundSockets() -> SelectionPredicate {
    namesStates ? self : .all([.term(.states(.all.union(TCPState.boundInactive.asSet))), self])
  }
}

// The states of a dump.
extension SelectionPredicate {
  /// The states in which a connection can match, for the kernel's `idiag_states`.
  ///
  /// It includes every possible state in `TCPStateSet.all`. `ss -a` does not show sockets in other
  /// states. The mask includes these only if the selection names them.
  public var stateMask: TCPStateSet {
    possibleStates(negated: false)
      .intersection(TCPStateSet.all.union(namedStates(negated: false)))
  }

  private static let everyState = TCPStateSet(TCPState.allCases)

  private func possibleStates(negated: Bool) -> TCPStateSet {
    switch self {
    case .term(.states(let states)):
      return negated ? Self.everyState.subtracting(states) : states
    case .term: return Self.everyState
    case .not(let part): return part.possibleStates(negated: !negated)
    case .all(let parts) where !negated, .any(let parts) where negated:
      return parts.reduce(Self.everyState) {
        $0.intersection($1.possibleStates(negated: negated))
      }
    case .all(let parts), .any(let parts):
      return parts.reduce([]) { $0.union($1.possibleStates(negated: negated)) }
    }
  }

  private func namedStates(negated: Bool) -> TCPStateSet {
    switch self {
    case .term(.states(let states)): negated ? [] : states
    case .term: []
    case .not(let part): part.namedStates(negated: !negated)
    case .all(let parts), .any(let parts):
      parts.reduce([]) { $0.union($1.namedStates(negated: negated)) }
    }
  }
}
