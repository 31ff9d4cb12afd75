internal import Selection

// The comments of a written policy.
extension PolicyDraft {
  /// The first lines of the file.
  static func introduction(_ name: String) -> [String] {
    [
      "# To see what this policy would do, save it as \(name).yaml and run:",
      "#   connreap policy plan \(name).yaml",
      "# To apply it, install it with the other policies, as root. Cron or systemd runs them.",
      "#   install -D -m 644 \(name).yaml /etc/connreap/policies/\(name).yaml",
    ]
  }

  /// The explanation above `key` of `match`; nil if it needs none.
  func comment(on key: SelectionKey) -> String? {
    key == .pid ? "A pid is valid until the program restarts; 'process' and 'unit' stay." : nil
  }

  /// The explanation above `key`; empty if it needs none.
  func comments(on key: PolicyKey) -> [String] {
    switch key {
    case .name, .description, .match, .except, .notify: []
    case .inState: inStateComments
    case .groupBy: groupingComments
    case .threshold: groupBy == nil ? Self.thresholdComments : []
    case .keep: ["Leave this many of the newest connections of each group open."]
    case .action: actionComments
    case .limit: ["If a run finds more than this, close nothing and exit 2: someone should check."]
    case .limitPercent: ["The same, as a percentage of all connections of the group's owner."]
    case .rate: ["Close at most this many connections per second."]
    case .seen: ["Only connections that this many consecutive runs have flagged."]
    case .giveUpAfter:
      ["If the leak comes back in this many consecutive runs, only report it: fix the program."]
    }
  }

  private var inStateComments: [String] {
    let lines = ["Leave connections alone that entered their state only recently."]
    guard inState != Self.closeWaitTime else { return lines }
    return lines + ["The time counts from the first run that sees them, so apply it regularly."]
  }

  private var groupingComments: [String] {
    guard groupBy?.grouping != nil else { return threshold == nil ? [] : Self.thresholdComments }
    return threshold == nil
      ? ["Keep and limit-percent count within each of these groups."]
      : ["Act only on groups with at least as many connections as the threshold."]
  }

  private static let thresholdComments = ["Act only if there are at least this many connections."]

  private var actionComments: [String] {
    guard action == .report else { return ["report, keepalive, shutdown, abort or destroy"] }
    return [
      "This policy closes nothing. To close connections, change 'report' to 'destroy'. If active",
      "connections match too, first add a time such as 'idle: 1h' to 'match'.",
    ]
  }
}
