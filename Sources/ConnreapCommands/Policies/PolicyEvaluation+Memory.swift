import Connections
import PolicyEngine
import Reaping
import Scanning

// What the next runs have to know of this one.
extension PolicyEvaluation {
  /// What is to be remembered before anything is closed: what was flagged, and the rounds of the
  /// groups that are about to be acted on.
  var memory: RunMemory {
    guard let history else { return RunMemory() }
    var closings: [String: Set<SocketCookie>] = [:]
    for step in plan.closings {
      if let policy = step.policy { closings[policy, default: []].insert(step.connection.cookie) }
    }
    return Evaluation.memory(after: findings, of: snapshot, history: history) { found, group in
      guard found.policy.action != .report else { return group.rowsToActOn.count }
      let ofPolicy = closings[found.policy.name] ?? []
      return group.rowsToActOn.count { ofPolicy.contains(snapshot.connections[$0].cookie) }
    }
  }

  /// `memory` with what came of the closings: what is gone is forgotten, and each group knows how
  /// many of its connections were closed.
  func memory(_ memory: RunMemory, after outcomes: [Outcome]) -> RunMemory {
    var memory = memory
    let groups = actedGroups
    let names = policies.policies.map(\.name)
    for outcome in outcomes {
      guard let name = outcome.step.policy else { continue }
      let cookie = outcome.step.connection.cookie
      let key = FlagKey(policy: name, cookie: cookie)
      switch outcome.result {
      case .spared(.armed): memory.flags[key]?.isArmed = true
      case .closed:
        if let group = groups[key] { memory.groups[group]?.closed += 1 }
        memory.forget(cookie, flaggedBy: names)
      case .gone: memory.forget(cookie, flaggedBy: names)
      case .spared, .failed, .unverified: break
      }
    }
    return memory
  }

  /// The group in which a policy acts on a connection.
  private var actedGroups: [FlagKey: RememberedGroupKey] {
    var groups: [FlagKey: RememberedGroupKey] = [:]
    for found in findings {
      for group in found.groups {
        let key = RememberedGroupKey(policy: found.policy.name, group: group.key.identifier)
        for row in group.rowsToActOn {
          let cookie = snapshot.connections[row].cookie
          groups[FlagKey(policy: found.policy.name, cookie: cookie)] = key
        }
      }
    }
    return groups
  }
}
