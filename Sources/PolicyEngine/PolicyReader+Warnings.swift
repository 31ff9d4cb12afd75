internal import Connections
internal import Selection

// What a file may say and its author hardly mean.
extension PolicyReader {
  mutating func warn(
    about policy: Policy, _ entries: [PolicyKey: SourceEntry], matching keys: Set<SelectionKey>
  ) {
    let brakes: [PolicyKey] = [.threshold, .inState, .limit]
    let isBraked =
      brakes.contains { entries[$0] != nil }
      || !keys.isDisjoint(with: [.idle, .stalled, .inState]) || policy.match.needsFigures
    if policy.action.closes, !isBraked, let action = entries[.action] {
      report(
        "'\(policy.action.rawValue)' without threshold, in-state, idle, stalled or limit closes every match at once",
        at: action.value.span, severity: .warning)
    }
    guard let match = entries[.match] else { return }
    let states = policy.match.stateMask
    let synchronized = TCPStateSet(TCPState.allCases.filter(\.isSynchronized))
    for key in [SelectionKey.idle, .stalled]
    where keys.contains(key) && states.isDisjoint(with: synchronized) {
      report(
        "no connection in these states has a time for \"\(key.rawValue)\": this matches nothing",
        at: match.key.span, severity: .warning)
    }
    let asksForTimeInState = policy.inState != nil || keys.contains(.inState)
    if asksForTimeInState, !states.contains(TCPState.closeWait) {
      report(
        "the time in a state is known for close-wait only: \"in-state\" leaves nothing here",
        at: (entries[.inState]?.key ?? match.key).span, severity: .warning)
    }
  }
}
