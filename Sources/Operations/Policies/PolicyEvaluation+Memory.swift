package import Connections
import PolicyEngine
import Presentation
package import Reaping
import Scanning

// What the next runs need to know about this one.
extension PolicyEvaluation {
  /// The memory to save before anything is closed: the flagged connections, and one more run for
  /// each group that is acted on.
  package var memories: [UInt16: RunMemory] {
    guard let history else { return [:] }
    var closings = [Set<SocketCookie>](repeating: [], count: findings.count)
    for step in plan.closings {
      if let policy = step.policy { closings[policy.index].insert(step.connection.cookie) }
    }
    return Evaluation.memory(after: findings, of: snapshot, history: history) { found, group in
      guard found.policy.action != .report else { return group.rowsToActOn.count }
      return group.rowsToActOn.count {
        closings[found.policyIndex].contains(snapshot.connections[$0].cookie)
      }
    }
  }

  /// `memories` updated with the outcomes: closed connections are forgotten, and each group counts
  /// those that were closed.
  package func memories(
    _ memories: [UInt16: RunMemory], after outcomes: [Outcome]
  ) -> [UInt16: RunMemory] {
    var memories = memories
    let groups = actedGroups
    let names = policies.policies.map(\.name)
    for outcome in outcomes {
      guard let name = outcome.step.policy?.name else { continue }
      let cookie = outcome.step.connection.cookie
      let namespace = outcome.step.connection.namespace
      let key = FlagKey(policy: name, cookie: cookie)
      switch outcome.result {
      case .spared(.armed): memories[namespace]?.flags[key]?.isArmed = true
      case .closed:
        if let group = groups[key] { memories[namespace]?.groups[group]?.closed += 1 }
        memories[namespace]?.forget(cookie, flaggedBy: names)
      case .gone: memories[namespace]?.forget(cookie, flaggedBy: names)
      case .spared, .failed, .unverified: break
      }
    }
    return memories
  }

  /// The group of each connection that a policy acts on.
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
