internal import Connections
internal import Selection

// Warns about valid files that their author can hardly mean.
extension PolicyReader {
  mutating func warn(
    about policy: Policy, _ entries: [PolicyKey: SourceEntry], matching keys: Set<SelectionKey>
  ) {
    warnOfClosingAll(policy, entries, matching: keys)
    warnOfKeysWithoutEffect(policy, entries)
    guard let match = entries[.match] else { return }
    if policy.match.selectsEveryConnection {
      report("this matches every connection", at: match.key.span, severity: .warning)
    }
    let states = policy.match.stateMask
    let synchronized = TCPStateSet(TCPState.allCases.filter(\.isSynchronized))
    for key in [SelectionKey.idle, .stalled]
    where keys.contains(key) && states.isDisjoint(with: synchronized) {
      report(
        "no connection in these states has a time for \"\(key.rawValue)\": this matches nothing",
        at: match.key.span, severity: .warning)
    }
  }

  private mutating func warnOfClosingAll(
    _ policy: Policy, _ entries: [PolicyKey: SourceEntry], matching keys: Set<SelectionKey>
  ) {
    guard policy.action.closes else { return }
    let brakes: [PolicyKey] = [.threshold, .inState, .limit, .limitPercent, .seen]
    let isBraked =
      brakes.contains { entries[$0] != nil }
      || !keys.isDisjoint(with: [.idle, .stalled, .inState, .age]) || policy.match.needsFigures
      || policy.match.needsHistory
    guard !isBraked, let action = entries[.action] else { return }
    report(
      "'\(policy.action.rawValue)' without threshold, in-state, idle, stalled or limit closes "
        + "every match at once", at: action.value.span, severity: .warning)
  }

  private mutating func warnOfKeysWithoutEffect(
    _ policy: Policy, _ entries: [PolicyKey: SourceEntry]
  ) {
    if policy.action == .report, let giveUp = entries[.giveUpAfter] {
      report(
        "a report closes nothing, so \"give-up-after\" has no effect", at: giveUp.key.span,
        severity: .warning)
    }
    if policy.action != .report, policy.giveUpAfter == nil, let notify = entries[.notify] {
      report(
        "without \"give-up-after\", the program never runs", at: notify.key.span,
        severity: .warning)
    }
  }
}
