internal import Connections

/// What a policy does with groups that reach its threshold.
public enum PolicyAction: String, CaseIterable, Sendable {
  /// Reports them and closes nothing.
  case report
  /// Arms keepalive (`SO_KEEPALIVE`), so that the kernel detects dead peers, and closes nothing.
  case keepalive
  /// Shuts down their connections (shutdown(2)).
  case shutdown
  /// Aborts their connections through a descriptor of the program (connect(2), `AF_UNSPEC`).
  case abort
  /// Destroys their sockets (`SOCK_DESTROY`).
  case destroy

  /// Whether the action closes connections at once.
  public var closes: Bool {
    switch self {
    case .report, .keepalive: false
    case .shutdown, .abort, .destroy: true
    }
  }
}

/// Words of a policy file.
protocol PolicyWord: RawRepresentable, CaseIterable where RawValue == String {}

extension PolicyAction: PolicyWord {}

/// The keys of a whole file.
package enum FileKey: String, PolicyWord {
  case version
  case protect
  case policies
}

/// The keys of one policy.
package enum PolicyKey: String, PolicyWord {
  case name
  case description
  case match
  case except
  case inState = "in-state"
  case groupBy = "group-by"
  case threshold
  case keep
  case action
  case limit
  case limitPercent = "limit-percent"
  case rate
  case seen
  case giveUpAfter = "give-up-after"
  case notify
}

/// The words of `group-by`.
package struct GroupingWord: PolicyWord {
  package let rawValue: String

  package static let allCases =
    Grouping.forPolicies.map { GroupingWord($0.rawValue) } + [GroupingWord("none")]

  private init(_ word: String) { rawValue = word }

  package init?(rawValue: String) {
    guard Self.allCases.contains(where: { $0.rawValue == rawValue }) else { return nil }
    self.init(rawValue)
  }

  /// What connections are counted by; nil for all in one group.
  var grouping: Grouping? { Grouping(rawValue: rawValue) }
}
