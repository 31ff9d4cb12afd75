internal import Connections
internal import Selection

/// Holds policies against connections. It reads nothing and changes nothing.
public enum Evaluation {
  /// What each policy of `policies` finds among `rows`, in their order.
  ///
  /// Policies are decided one after the other: what one acts on, later ones leave alone.
  ///
  /// - Parameters:
  ///   - history: what earlier runs remember; nil when that is unknown, as of a recording.
  ///   - userName: the name of a user, to call a group by; nil when there is none.
  public static func findings(
    of rows: some EvaluatedConnections, policies: PolicySet, history: PolicyHistory? = nil,
    userName: (UInt32) -> String? = { _ in nil }
  ) -> [PolicyFindings] {
    var takers: [SocketCookie: Int] = [:]
    var findings: [PolicyFindings] = []
    for (index, policy) in policies.policies.enumerated() {
      var sorting = PolicySorting(policy, takers: takers, history: history)
      for row in 0..<rows.count { sorting.sort(row, of: rows) }
      let found = sorting.findings(ofPolicyAt: index, in: rows, userName: userName)
      for row in found.rowsToActOn { takers[rows.connection(at: row).cookie] = index }
      findings.append(found)
    }
    return findings
  }
}
