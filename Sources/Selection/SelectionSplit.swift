public import Connections

/// What the kernel judges of a selection while it lists the sockets of one family.
///
/// The kernel's part is never narrower than the selection: wherever the verdict is `yes` or
/// `unknown`, the state is among ``states`` and ``condition`` is true. What remains is the whole
/// selection, held against every row that the kernel lists. So the split changes how many rows
/// come, and never which are selected or left undecided.
public struct SelectionSplit: Equatable, Sendable {
  /// The family of the sockets that are listed.
  public let family: AddressFamily
  /// The states to list (`idiag_states`).
  public let states: TCPStateSet
  /// What the kernel may ask of each socket in those states.
  public let condition: KernelCondition

  /// The kernel's part of `selection`, for the sockets of `family`.
  public init(of selection: SelectionPredicate, family: AddressFamily) {
    self.family = family
    states = selection.stateMask
    condition = Judgement(family: family, states: states).condition(of: selection, isNegated: false)
  }

  /// Whether no socket of the family can be selected, so that it need not be asked for.
  public var selectsNothing: Bool { states.isEmpty || condition == .never }
}

/// Which terms the kernel can judge, of the sockets of one family in some states.
private struct Judgement {
  let family: AddressFamily
  let states: TCPStateSet

  /// The states of minisockets, of which older kernels tell no mark. A minisocket in FIN_WAIT2
  /// is listed with that state.
  private static let mayLackMark = TCPStateSet([
    .timeWait, .finWait2, .synReceived, .newSynReceived,
  ])

  /// A condition that is true wherever `predicate`, or its negation, is `yes` or `unknown`.
  ///
  /// The negation goes down to the terms: what is true too often inside would be true too seldom
  /// outside. De Morgan's laws hold for three values as well.
  func condition(of predicate: SelectionPredicate, isNegated: Bool) -> KernelCondition {
    switch predicate {
    case .term(let term):
      // A term that the kernel cannot judge may be so, and may as well not be so.
      guard let condition = condition(of: term) else { return .always }
      return isNegated ? condition.negated : condition
    case .not(let part): return condition(of: part, isNegated: !isNegated)
    case .all(let parts) where !isNegated, .any(let parts) where isNegated:
      return .every(of: parts.map { condition(of: $0, isNegated: isNegated) })
    case .all(let parts), .any(let parts):
      return .either(of: parts.map { condition(of: $0, isNegated: isNegated) })
    }
  }

  /// The condition that is true exactly where `term` is `yes`, if the verdict is never `unknown`;
  /// otherwise nil.
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

  /// How many of the family's addresses the block holds.
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
