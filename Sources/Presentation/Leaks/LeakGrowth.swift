import Rendering

/// How fast the number of leaked connections grows.
package struct LeakGrowth: Equatable, Sendable {
  /// The change per hour.
  package var perHour: Double
  /// Whether the true number may be greater.
  package var isLowerBound: Bool
  /// What it follows from.
  package var basis: Basis
  /// The time that it covers, in milliseconds.
  package var time: UInt64

  /// Where a growth is known from.
  package enum Basis: String, Equatable, Sendable {
    /// The ages of the leaked connections.
    case ages
    /// The records of a policy's runs.
    case history
    /// Two looks at the connections.
    case observation
  }

  package init(perHour: Double, isLowerBound: Bool, basis: Basis, time: UInt64) {
    self.perHour = perHour
    self.isLowerBound = isLowerBound
    self.basis = basis
    self.time = time
  }

  /// `+30/min`, `≥ +4/h` or `0`: the largest unit in which it is at least 1.
  package var text: String {
    let bound = isLowerBound ? "≥ " : ""
    let (amount, unit) =
      switch abs(perHour) {
      case 60...: (perHour / 60, "/min")
      case 1...: (perHour, "/h")
      default: (perHour * 24, "/d")
      }
    let tenths = Int((abs(amount) * 10).rounded())
    guard tenths > 0 else { return "\(bound)0" }
    let number =
      tenths < 100 && tenths % 10 != 0
      ? "\(tenths / 10).\(tenths % 10)" : Count.text((tenths + 5) / 10)
    return "\(bound)\(perHour < 0 ? "-" : "+")\(number)\(unit)"
  }

  /// The growth between two counts that were taken `time` milliseconds apart; nil if no time passed.
  package static func observed(from first: Int, to second: Int, after time: UInt64) -> LeakGrowth? {
    guard time > 0 else { return nil }
    return LeakGrowth(
      perHour: Double(second - first) * 3_600_000 / Double(time), isLowerBound: false,
      basis: .observation, time: time)
  }
}
