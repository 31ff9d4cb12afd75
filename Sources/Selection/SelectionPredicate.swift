public import Connections

/// What a selection says of a connection: terms, joined by and, or and not.
public indirect enum SelectionPredicate: Equatable, Sendable {
  /// One statement.
  case term(SelectionTerm)
  /// All of them are so; without any, every connection is selected.
  case all([SelectionPredicate])
  /// One of them is so; without any, no connection is selected.
  case any([SelectionPredicate])
  /// It is not so.
  case not(SelectionPredicate)

  /// The selection of every connection.
  public static let everything = SelectionPredicate.all([])

  /// Whether `connection`, held by `owners`, is selected: only if the verdict is `yes`.
  ///
  /// For many connections, ``PreparedSelection`` is quicker.
  ///
  /// - Parameter past: what earlier runs know of the connection; nil when that is nothing.
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

// What a selection asks for, whatever the connection.
extension SelectionPredicate {
  /// Whether it selects every connection because it says nothing: no term could make it differ.
  public var selectsEverything: Bool { constant == true }

  /// Whether it selects every connection in the states that `ss` shows without `-a`: no term but
  /// of states says anything, and those leave none of these out.
  public var selectsEveryConnection: Bool {
    TCPStateSet.shownByDefault.states.allSatisfy { constant(in: $0) == true }
  }

  /// Whether it selects every connection in `state`: no other term says anything.
  public func selectsAll(in state: TCPState) -> Bool { constant(in: state) == true }

  private var constant: Bool? { constant(in: nil) }

  /// The answer when no term decides it; nil when one does. Of `state`, if given, it is known.
  private func constant(in state: TCPState?) -> Bool? {
    switch self {
    case .term(.states(let states)): return state.map(states.contains)
    // Where it is looked for says nothing of a connection.
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

  /// The states that terms name one by one.
  ///
  /// A group such as `all` names none of its states: nobody who says it means them in particular.
  public var namedStatesOneByOne: TCPStateSet {
    let groups: [TCPStateSet] = [
      .all, .connected, .synchronized, .bucket, .big, .shownByDefault,
    ]
    switch self {
    case .term(.states(let states)): return groups.contains(states) ? [] : states
    case .term, .not: return []
    case .all(let parts), .any(let parts):
      return parts.reduce([]) { $0.union($1.namedStatesOneByOne) }
    }
  }

  /// Whether a term asks about states.
  public var namesStates: Bool {
    hasTerm { if case .states = $0 { true } else { false } }
  }

  /// Whether a term asks about the processes that hold the socket.
  public var needsOwners: Bool { hasTerm(where: \.needsOwners) }

  /// Whether a term asks about interfaces, whose numbers mean something in one namespace only.
  public var namesInterfaces: Bool {
    hasTerm { if case .interface = $0 { true } else { false } }
  }

  /// Whether a term asks about marks, which the kernel tells to CAP_NET_ADMIN only.
  public var namesMarks: Bool {
    hasTerm { if case .mark = $0 { true } else { false } }
  }

  /// Whether a term asks about cgroups.
  public var needsControlGroups: Bool { hasTerm(where: \.needsControlGroups) }

  /// Whether a term asks about a figure of `tcp_info`.
  public var needsFigures: Bool { hasTerm(where: \.needsFigures) }

  /// Whether a term asks for an idleness of more than the 49.7 days that the kernel counts.
  public var asksForMoreIdleThanTheKernelCounts: Bool {
    hasTerm { if case .idle(let least) = $0 { least > UInt64(UInt32.max) } else { false } }
  }

  /// Whether a term asks about what only earlier runs have seen.
  public var needsHistory: Bool { hasTerm(where: \.needsHistory) }

  /// Whether a term asks who chose the local port.
  public var needsAutobound: Bool { hasTerm(where: \.needsAutobound) }

  func hasTerm(where isSo: (SelectionTerm) -> Bool) -> Bool {
    switch self {
    case .term(let term): isSo(term)
    case .all(let parts), .any(let parts): parts.contains { $0.hasTerm(where: isSo) }
    case .not(let part): part.hasTerm(where: isSo)
    }
  }

  /// The selection, without a state in it limited to the states that `ss` shows without `-a`.
  public func limitedToDefaultStates() -> SelectionPredicate {
    namesStates ? self : .all([.term(.states(.shownByDefault)), self])
  }

  /// The selection, without a state in it of the sockets in every state, those included that are
  /// only bound to a port.
  public func includingBoundSockets() -> SelectionPredicate {
    namesStates ? self : .all([.term(.states(.all.union(TCPState.boundInactive.asSet))), self])
  }
}

// The states that a dump has to ask for.
extension SelectionPredicate {
  /// The states in which a connection can be selected, for the kernel's `idiag_states`.
  ///
  /// Never too few among the states of `TCPStateSet.all`. The others, of sockets that `ss -a` does
  /// not show either, are in it only when the selection names them.
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
