internal import Connections
internal import Selection

/// Evaluates policies. It reads nothing and changes nothing.
public enum Evaluation {
  /// The findings of each policy in `rows`, in the order of the policies.
  ///
  /// Policies are evaluated in order. Later ones skip the connections that an earlier one acts on.
  ///
  /// - Parameters:
  ///   - history: the memory of earlier runs; nil if unknown, as for a recording.
  ///   - userName: the name of a user, for the label of a group; nil if there is none.
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
