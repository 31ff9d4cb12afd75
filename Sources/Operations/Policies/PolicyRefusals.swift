import Connections
package import PolicyEngine
import Presentation
import Rendering

/// The policies of a run that exceed a limit and close nothing.
package struct PolicyRefusals {
  private let refused: [(policy: Policy, refusal: LimitRefusal)]

  /// The refused policies among `findings`.
  package init(_ findings: [PolicyFindings]) {
    refused = findings.compactMap { found in found.refusal.map { (found.policy, $0) } }
  }

  package var isEmpty: Bool { refused.isEmpty }

  /// The names of the policies and the reasons.
  package var reasons: [(policy: String, reason: String)] {
    refused.map { ($0.policy.name, $0.refusal.text) }
  }

  /// Reports each refused policy on standard error, and throws if there is one.
  ///
  /// The other policies have been applied by then.
  package func check() throws(CommandFailure) {
    guard !isEmpty else { return }
    for (policy, refusal) in refused {
      Standard.report(
        "connreap: policy \(policy.name) refused, nothing closed: \(refusal.sentence)\n")
    }
    let keys = Set(refused.map { $0.refusal.share == nil ? "limit" : "limit-percent" })
    Standard.report(
      "check the connections with 'connreap list'; to close them anyway, raise "
        + keys.sorted().joined(separator: " or ") + "\n")
    throw CommandFailure.silent(.refused)
  }
}

extension LimitRefusal {
  /// `646, limit 500`, or `18 of the 20 of java[1744], limit 50 %`.
  package var text: String {
    guard let share else { return "\(Count.text(count)), limit \(Count.text(limit))" }
    return "\(Count.text(count)) of the \(Count.text(share.total)) of \(share.label), "
      + "limit \(share.percent) %"
  }

  /// The same for standard error, with the name of the group escaped.
  fileprivate var sentence: String {
    let connections = "connection\(Count.plural(count))"
    guard let share else {
      return "\(Count.text(count)) \(connections) exceed its limit of \(Count.text(limit))"
    }
    return "\(Count.text(count)) of the \(Count.text(share.total)) connections of "
      + "\(EscapedText.escaped(share.label)) exceed its limit of \(share.percent) %"
  }
}
