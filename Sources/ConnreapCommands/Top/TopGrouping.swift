import ArgumentParser
import Connections
import LiveView

/// What `top` groups connections by at the start: a key of `stats --by`, or nothing.
struct TopGrouping: ExpressibleByArgument {
  /// The key; nil for a flat list.
  let grouping: Grouping?

  private static let none = "none"

  /// The grouping without `--by`.
  static let standard = TopGrouping(grouping: TopModel.defaultGrouping)

  init(grouping: Grouping?) { self.grouping = grouping }

  init?(argument: String) {
    if argument == Self.none {
      grouping = nil
    } else if let grouping = Grouping(rawValue: argument) {
      self.grouping = grouping
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { grouping?.rawValue ?? Self.none }

  static var allValueStrings: [String] { Grouping.allCases.map(\.rawValue) + [none] }
}
