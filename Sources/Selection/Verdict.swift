/// What is known of a statement about a connection: Kleene's three values.
///
/// Only ``yes`` selects. ``unknown`` is what a fact that could not be read leaves behind; it is
/// neither a match nor a miss, and its negation is unknown too.
public enum Verdict: UInt8, CaseIterable, Comparable, Sendable {
  /// It is not so.
  case no
  /// It could be either: something that decides it could not be read.
  case unknown
  /// It is so.
  case yes

  /// The verdict of a fact that is known.
  public init(_ fact: Bool) { self = fact ? .yes : .no }

  /// The verdict of a fact that is unknown when nil.
  public init(_ fact: Bool?) {
    switch fact {
    case .some(let fact): self.init(fact)
    case .none: self = .unknown
    }
  }

  /// Both are so: the lesser of the two.
  public func and(_ other: Verdict) -> Verdict { min(self, other) }

  /// One of them is so: the greater of the two.
  public func or(_ other: Verdict) -> Verdict { max(self, other) }

  /// It is not so; unknown stays unknown.
  public var negated: Verdict {
    switch self {
    case .no: .yes
    case .unknown: .unknown
    case .yes: .no
    }
  }

  /// In the order of `no`, `unknown`, `yes`.
  public static func < (one: Verdict, other: Verdict) -> Bool { one.rawValue < other.rawValue }
}
