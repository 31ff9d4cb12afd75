public import Connections

/// The part of a selection that the kernel evaluates while it lists the sockets of one family.
///
/// The kernel's part is never narrower than the selection. If the verdict is `yes` or `unknown`,
/// the state is in ``states`` and ``condition`` is true. connreap then evaluates the whole
/// selection on every listed row. The split reduces the number of rows and never changes the
/// result.
public struct SelectionSplit: Equatable, Sendable {
  /// The family of the listed sockets.
  public let family: AddressFamily
  /// The states to list (`idiag_states`).
  public let states: TCPStateSet
  /// The condition that the kernel checks for each socket in those states.
  public let condition: KernelCondition

  /// The kernel's part of `selection` for the sockets of `family`.
  public init(of selection: SelectionPredicate, family: AddressFamily) {
    self.family = family
    states = selection.stateMask
    condition = ConditionBuilder(family: family, states: states)
      .condition(of: selection, isNegated: false)
  }

  /// Whether no socket of the family can match, so that the dump can be skipped.
  public var selectsNothing: Bool { states.isEmpty || condition == .never }
}

/// Translates terms into kernel conditions, for the sockets of one family in some states.
private struct ConditionBuilder {
  let family: AddressFamily
  let states: TCPStateSet

  /// The states of minisockets, for which older kernels report no mark. The kernel also lists
  /// TIME_WAIT minisockets in the state FIN_WAIT2.
  private static let mayLackMark = TCPStateSet([
    .timeWait, .finWait2, .synReceived, .newSynReceived,
  ])

  /// A condition that is true whenever `predicate`, or its negation, is `yes` or `unknown`.
  ///
  /// Negation is pushed down to the terms, because the negation of a condition that is too wide
  /// would be too narrow. De Morgan's laws also hold for three values.
  func condition(of predicate: SelectionPredicate, isNegated: Bool) -> KernelCondition {
    switch predicate {
    case .term(let term):
      // If the kernel cannot evaluate a term, both the term and its negation may be true.
      guard let condition = condition(of: term) else { return .always }
      return isNegated ? condition.negated : condition
    case .not(let part): return condition(of: part, isNegated: !isNegated)
    case .all(let parts) where !isNegated, .any(let parts) where isNegated:
      return .every(of: parts.map { condition(of: $0, isNegated: isNegated) })
    case .all(let parts), .any(let parts):
      return .either(of: parts.map { condition(of: $0, isNegated: isNegated) })
    }
  }

  /// The condition that is true exactly if `term` is `yes`; nil if the term can be `unknown` or the
  /// kernel cannot evaluate it.
  private func condition(of term: SelectionTerm) -> KernelCondition? {
    switch term {
    case .states(let named):
      if states.isSubset(of: named) { return .always }
      return states.isDisjoint(with: named) ? .never : nil
    case .family(let named): return named == family ? .always : .never
    case .port(let end, let range): return .either(of: end.ends.map { .port($0, range) })
    case .address(let end, let block):
      switch reach(of: block) {
      case .all: return .always
      case .none: return .never
      case .some: return .either(of: end.ends.map { .address($0, block) })
      }
    case .interface(let index), .interfaceNumber(let index): return .interface(index)
    case .mark(let mark, let mask):
      return states.isDisjoint(with: Self.mayLackMark) ? .mark(mark, mask: mask) : nil
    default: return nil
    }
  }

  private enum Reach { case all, some, none }

  /// The share of the family's addresses in the block.
  private func reach(of block: AddressBlock) -> Reach {
    switch family {
    case .ipv4:
      guard block.holdsV4 else { return .none }
      return block.significantBits == 96 ? .all : .some
    case .ipv6: return block.significantBits == 0 ? .all : .some
    }
  }
}

extension ConnectionEnd {
  fileprivate var ends: [KernelCondition.End] {
    switch self {
    case .local: [.local]
    case .peer: [.peer]
    case .either: [.local, .peer]
    }
  }
}
