internal import Connections
package import Selection

// Sensible values for a selection by hand.
extension PolicyDraft {
  /// The minimum time in CLOSE-WAIT: a well-behaved program closes moments after its peer.
  static let closeWaitTime: UInt64 = 60_000
  /// The minimum time in another half-closed state, which the kernel itself ends within minutes if
  /// the program has closed its descriptor.
  static let halfClosedTime: UInt64 = 1_800_000
  /// A few leftovers are harmless. A program with this many leaks.
  static let defaultThreshold = 10
  package static let defaultLimit = 500

  /// A policy for `match` with sensible values for the other keys.
  ///
  /// It closes connections only if `selection` tells leaked ones from active ones: by time, or by a
  /// state in which the peer or the program has finished. Otherwise it reports.
  ///
  /// - Parameters:
  ///   - selection: `match` as a predicate.
  ///   - action: what to do; nil to choose it.
  package init(
    _ name: String, matching match: [(key: SelectionKey, values: [String])],
    selecting selection: SelectionPredicate, action: PolicyAction? = nil
  ) {
    let states = selection.limitedToDefaultStates().stateMask
    let isTimed = selection.requiresTime
    let isHalfClosed = !states.isEmpty && states.subtracting(Self.halfClosed).isEmpty
    self.init(
      name, matching: match, action: action ?? (isTimed || isHalfClosed ? .destroy : .report))
    if isHalfClosed, !isTimed {
      inState = states == TCPState.closeWait.asSet ? Self.closeWaitTime : Self.halfClosedTime
    }
    groupBy = GroupingWord(rawValue: Grouping.program.rawValue)
    threshold = Self.defaultThreshold
    guard self.action != .report else { return }
    keep = 0
    limit = Self.defaultLimit
  }

  private static let halfClosed = TCPStateSet([
    .finWait1, .finWait2, .closeWait, .closing, .lastAck,
  ])
}

extension SelectionPredicate {
  /// Whether it selects only connections with some minimum idle time, time in state or age.
  fileprivate var requiresTime: Bool { requiresTime(negated: false) }

  private func requiresTime(negated: Bool) -> Bool {
    switch self {
    case .term(let term): !negated && (term.needsFigures || term.needsHistory)
    case .not(let part): part.requiresTime(negated: !negated)
    case .all(let parts) where !negated, .any(let parts) where negated:
      parts.contains { $0.requiresTime(negated: negated) }
    case .all(let parts), .any(let parts):
      !parts.isEmpty && parts.allSatisfy { $0.requiresTime(negated: negated) }
    }
  }
}
