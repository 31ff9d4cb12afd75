import Connections
package import PolicyEngine
import Presentation
import Rendering
import Selection

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
        "connreap: policy \(policy.name) refused, nothing closed: \(refusal.sentence)\n"
          + "check them:  \(policy.listCommand)\n"
          + "to close them anyway, set '\(refusal.neededKey)' in the policy\n")
    }
    throw CommandFailure.silent(.refused)
  }
}

extension Policy {
  /// The command that lists the connections it matches, whatever their number and time in the state.
  fileprivate var listCommand: String {
    let (match, isOfContainers) = matchWithoutPlace
    // A term about an interface may have been resolved to namespaces that have no name.
    let filter = match.filterText
    let isNameable = match.namespaces.isDisjoint(with: [.own, .containers])
    guard isNameable, filter.utf8.count <= Self.longestFilter else { return "connreap list" }
    let namespaces = isOfContainers && !match.namesContainers ? ["--netns", "all"] : []
    return EscapedText.escaped(
      CommandLineWords.shell(["connreap", "list"] + namespaces + [filter]))
  }

  /// What it matches without the default namespaces of policies, and whether these are those of
  /// containers.
  private var matchWithoutPlace: (match: SelectionPredicate, isOfContainers: Bool) {
    guard case .all(let parts) = match, parts.count == 2,
      case .term(.namespace(let term)) = parts[0],
      [.own, .containers].contains(term.name)
    else { return (match, false) }
    return (parts[1], term.name == .containers)
  }

  /// The maximum length of a filter in a message, in bytes.
  private static let longestFilter = 500
}

extension LimitRefusal {
  /// The key and the value with which the policy would act on these connections.
  fileprivate var neededKey: String {
    guard let share else { return "limit: \(count)" }
    return "limit-percent: \((count * 100 + share.total - 1) / max(share.total, 1))"
  }

  /// `646 exceed the limit of 500`, or the same for a share of a group; its label is not escaped.
  package var decision: String {
    guard let share else {
      return "\(Count.text(count)) exceed\(count == 1 ? "s" : "") the limit of \(Count.text(limit))"
    }
    return "\(Count.text(count)) of the \(Count.text(share.total)) of \(share.label) exceed "
      + "\(share.percent) %"
  }

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
