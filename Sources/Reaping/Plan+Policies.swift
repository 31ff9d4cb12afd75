import Connections
public import PolicyEngine
public import Scanning

extension Plan {
  /// The plan to do what `findings` of policies about `snapshot` ask for.
  ///
  /// What policies only report is no step of it. Guards spare what a policy would close, as they
  /// do for a selection by hand.
  ///
  /// - Parameter guards: the guards for one policy, since a policy may name states of its own.
  public init(
    closing findings: [PolicyFindings], in snapshot: Snapshot, guardedBy guards: (Policy) -> Guards
  ) {
    var steps: [Step] = []
    for found in findings {
      let guards = guards(found.policy)
      let policy = PolicyReference(index: found.policyIndex, name: found.policy.name)
      for row in found.rowsToActOn {
        let connection = snapshot.connections[row]
        let reason = guards.reasonToSpare(connection, in: snapshot)
        steps.append(
          Step(
            connection: connection, decision: reason.map(Decision.spare) ?? .close,
            method: guards.method, policy: policy))
      }
    }
    self.init(steps, from: snapshot)
  }
}
