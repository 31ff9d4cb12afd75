package import Connections
import DescriptorActions
package import PolicyEngine
import Presentation
import ProcessTable
package import Reaping
package import Scanning
import Selection

/// The findings of policies on a system, and the plan that follows.
package struct PolicyEvaluation {
  package let policies: PolicySet
  package let snapshot: Snapshot
  package let findings: [PolicyFindings]
  package let plan: Plan
  /// The memory of earlier runs; nil if unknown, as for a recording.
  package let history: PolicyHistory?
  private let processes: ProcFileSystem
  /// What the run has learned about the caller's sessions.
  private let sessions = TunnelMemory()

  /// Scans once for all of `policies`, and evaluates them on the result.
  ///
  /// - Parameters:
  ///   - policies: as ``LiveSystem/prepared(_:for:)`` returns them.
  ///   - memories: what earlier runs remember of each namespace; nil when that is unknown.
  package init(
    _ policies: PolicySet, on system: LiveSystem, memories: [UInt16: RunMemory]?
  ) throws(CommandFailure) {
    processes = system.processes
    let guards = try Self.guards(on: system, remembering: sessions)
    var wanted = policies.policies.map(\.match)
    // A percentage of all connections of an owner requires all of them.
    if policies.policies.contains(where: { $0.limitPercent != nil }) {
      wanted.append(.term(.states(.shownByDefault)))
    }
    let everything = SelectionPredicate.any(wanted)
    var details: ScanRequest.Details =
      system.knowsOwners ? [.figures, .owners, .controlGroups] : [.figures]
    if policies.policies.contains(where: \.needsCommands) { details.insert(.commands) }
    snapshot = try system.scan(
      ScanRequest(
        everything, reading: details, keepsUndecided: true,
        past: PastConnections(of: memories ?? [:], at: system.moment.uptime ?? 0)))
    // The memory of a namespace that could not be examined stays as it is.
    let unseen = snapshot.namespaceGaps.map(\.namespace)
    let memories = memories?.filter {
      !unseen.contains(system.namespaces.sources[Int($0.key)].namespace)
    }
    history = system.moment.uptime.flatMap { now in memories.map { PolicyHistory($0, now: now) } }
    let names = SystemNumbers(resolvesNames: system.isLive)
    findings = Evaluation.findings(
      of: snapshot, policies: policies, history: history, userName: names.userName)
    plan = Plan(closing: findings, in: snapshot, guardedBy: guards)
    self.policies = policies
  }

  /// The guards of each policy, for the current processes.
  private static func guards(
    on system: LiveSystem, remembering sessions: TunnelMemory
  ) throws(CommandFailure) -> (Policy) -> Guards {
    let caller = try system.caller(remembering: sessions)
    let machineInit = try system.machineInit()
    return { policy in
      Guards(
        caller: caller, namedStates: policy.match.explicitStates, unprotected: [],
        machineInit: machineInit, method: ClosingMethod(name: policy.action.rawValue) ?? .destroy,
        onlyUser: Rights.onlyUser)
    }
  }

  /// The maximum number of closings per second for the policy of `step`; nil for no limit.
  package func rate(of step: Plan.Step) -> Int? {
    step.policy.flatMap { policies.policies[$0.index].rate }
  }

  /// The rules that decide about each connection right before it is closed.
  package func rules(on system: LiveSystem) throws(CommandFailure) -> PolicyRules {
    PolicyRules(policies.policies, guardedBy: try Self.guards(on: system, remembering: sessions))
  }

  /// The groups that the policy of `found` has given up on.
  package func leaks(of found: PolicyFindings) -> [LeakReport] {
    guard let now = history?.now else { return [] }
    return found.leaks(in: snapshot, at: now).map {
      LeakReport($0, in: snapshot, processes: processes)
    }
  }
}
