import Connections
import DescriptorActions
import PolicyEngine
import Reaping
import Scanning
import Selection

/// What policies find on a machine now, and the plan that follows.
struct PolicyEvaluation {
  let policies: PolicySet
  let snapshot: Snapshot
  let findings: [PolicyFindings]
  let plan: Plan

  /// Scans once for all of `policies`, and holds them against what is there.
  init(_ policies: PolicySet, on system: LiveSystem) throws(CommandFailure) {
    let caller = try system.caller()
    let machineInit = try system.machineInit()
    let everything = SelectionPredicate.any(policies.policies.map(\.match))
    let details: ScanRequest.Details =
      system.knowsOwners ? [.figures, .owners, .controlGroups] : [.figures]
    snapshot = try system.scan(
      ScanRequest(everything, reading: details, keepsUndecided: true))
    let names = SystemNumbers(resolvesNames: system.isLive)
    findings = Evaluation.findings(of: snapshot, policies: policies, userName: names.userName)
    plan = Plan(closing: findings, in: snapshot) { policy in
      Guards(
        caller: caller, namedStates: policy.match.namedStatesOneByOne, unprotected: [],
        machineInit: machineInit, method: ClosingMethod(policy.action), onlyUser: Rights.onlyUser)
    }
    self.policies = policies
  }

  /// Refuses the whole run when a policy would close more than its limit.
  func checkLimits() throws(CommandFailure) {
    for found in findings {
      guard let refusal = found.refusal else { continue }
      throw CommandFailure(
        .refused,
        "refused: policy \(found.policy.name) would close \(Count.text(refusal.count)) "
          + "connections, more than its limit of \(Count.text(refusal.limit)); nothing was closed",
        remedy: "look at them with 'connreap list', and raise the limit if that is meant")
    }
  }

  /// How many connections the policy of `step` closes in a second at most; nil without a rate.
  func rate(of step: Plan.Step) -> Int? {
    policies.policies.first { $0.name == step.policy }?.rate
  }

  /// Whether the policy of `step` would still close `connection`, looked at again.
  func stillCovers(_ step: Plan.Step, _ connection: Connection) -> Bool {
    guard let policy = policies.policies.first(where: { $0.name == step.policy }) else {
      return false
    }
    return policy.stillCovers(
      connection, owners: snapshot.ownerFacts(of: connection),
      knownOwners: snapshot.holders(of: connection),
      controlGroup: snapshot.controlGroup(of: connection))
  }
}

extension ClosingMethod {
  /// How a policy with this action closes. One that reports has no step to close.
  init(_ action: PolicyAction) {
    self =
      switch action {
      case .report, .destroy: .destroy
      case .shutdown: .shutdown
      case .abort: .abort
      case .keepalive: .keepalive(.usual)
      }
  }
}
