/// The result of a predicate in Kleene's three-valued logic.
///
/// Only ``yes`` selects a connection. ``unknown`` results from a fact that could not be read.
public enum Verdict: UInt8, CaseIterable, Comparable, Sendable {
  /// The predicate does not match.
  case no
  /// A fact that decides the predicate could not be read.
  case unknown
  /// The predicate matches.
  case yes

  /// The verdict of a known fact.
  public init(_ fact: Bool) { self = fact ? .yes : .no }

  /// The verdict of a fact; nil is unknown.
  public init(_ fact: Bool?) {
    switch fact {
    case .some(let fact): self.init(fact)
    case .none: self = .unknown
    }
  }

  /// The conjunction: the smaller of the two.
  public func and(_ other: Verdict) -> Verdict { min(self, other) }

  /// The disjunction: the larger of the two.
  public func or(_ other: Verdict) -> Verdict { max(self, other) }

  /// The negation; unknown stays unknown.
  public var negated: Verdict {
    switch self {
    case .no: .yes
    case .unknown: .unknown
    case .yes: .no
    }
  }

  /// Orders `no` before `unknown` before `yes`.
  public static func < (lhs: Verdict, rhs: Verdict) -> Bool { lhs.rawValue < rhs.rawValue }
}
