import Connections
public import PolicyEngine
public import Scanning

extension Plan {
  /// The plan that follows from `findings` of policies in `snapshot`.
  ///
  /// Connections that policies only report are not in the plan. Guards apply as they do to a manual
  /// selection.
  ///
  /// - Parameter guards: returns the guards for one policy, which may name states of its own.
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
