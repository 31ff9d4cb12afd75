import Connections
import Netlink
import PolicyEngine
import Presentation
import Privileges
package import Reaping
import Rendering
package import Scanning
package import Selection
import SystemPackage

/// The connections that a run could not judge for lack of a capability.
///
/// They are spared, and reported before everything else. After the rest, the run ends with
/// ``ExitStatus/permission``.
package struct JudgingGaps {
  /// What to report.
  package let notices: [String]
  /// Whether a missing capability may have changed the result.
  let isAnyForbidden: Bool

  /// - Parameters:
  ///   - unknownOwners: how many connections depend on an owner that cannot be read.
  ///   - unknownMarks: how many depend on a mark that cannot be read.
  ///   - undecided: how many could not be judged for any reason.
  package init(
    unknownOwners: Int, unknownMarks: Int, undecided: Int = 0, in snapshot: Snapshot,
    on system: LiveSystem
  ) {
    let namespaces = snapshot.namespaceGaps
    var notices: [String] = []
    var rest = undecided
    func add(_ count: Int, _ what: String, _ step: PrivilegedStep) {
      guard count > 0, let missing = system.missing(step) else { return }
      rest -= count
      notices.append(
        "\(Count.text(count)) connection\(Count.plural(count)) could not be judged: "
          + "\(what); \(missing)")
    }
    add(unknownOwners, "the owner cannot be read", .readingOthersDescriptors)
    add(unknownMarks, "the mark cannot be read", .seeingMarks)
    let isNamespaceForbidden =
      system.missing(.enteringNamespace) != nil && namespaces.contains(where: \.isForbidden)
    let isUnseen =
      system.missing(.readingOthersDescriptors) != nil && !system.namespaces.notices.isEmpty
    isAnyForbidden = !notices.isEmpty || isNamespaceForbidden || isUnseen
    self.notices =
      notices + ListSummary.warnings(undecided: rest)
      + ListSummary(snapshot: snapshot, shown: 0).viewWarnings
      + ListSummary.warnings(namespaces) + system.namespaces.notices
  }

  /// Ends a command that has done everything else with the exit code for a missing permission.
  package func check() throws(CommandFailure) {
    if isAnyForbidden { throw .silent(.permission) }
  }
}

extension JudgingGaps {
  /// The gaps of the selection that `plan` was made for.
  package init(of predicate: SelectionPredicate, _ plan: Plan, on system: LiveSystem) {
    let snapshot = plan.snapshot
    let spared = plan.steps.count { $0.decision.isForUnknownOwner }
    let marks = predicate.namesMarks ? snapshot.undecided - snapshot.undecidedByOwner : 0
    self.init(
      unknownOwners: snapshot.undecidedByOwner + spared, unknownMarks: marks,
      undecided: snapshot.undecided + spared, in: snapshot, on: system)
  }

  /// The gaps of a run of policies.
  package init(of evaluated: PolicyEvaluation, on system: LiveSystem) {
    self.init(
      unknownOwners: system.missing(.readingOthersDescriptors) == nil
        ? 0 : evaluated.connectionsWithoutOwner.count,
      unknownMarks: system.missing(.seeingMarks) == nil ? 0 : evaluated.connectionsWithoutMark,
      in: evaluated.snapshot, on: system)
  }
}

extension PolicyEvaluation {
  /// The connections that a policy could not judge because their owners are unknown.
  fileprivate var connectionsWithoutOwner: Set<ConnectionKey> {
    var found: Set<ConnectionKey> = []
    for findings in findings {
      let policy = findings.policy
      let predicates = [policy.match] + policy.except + policy.protect.map(\.predicate)
      let doubtful = findings.spared.compactMap { spared -> Int? in
        if case .protected(_, certain: false) = spared.reason { spared.row } else { nil }
      }
      for row in findings.undecidedRows + doubtful {
        let connection = snapshot.connections[row]
        let isUnknown =
          isGroupUnknown(of: connection, by: policy)
          || predicates.contains { snapshot.lacksOwner(of: connection, for: $0) }
        if isUnknown { found.insert(snapshot.key(of: connection)) }
      }
    }
    for step in plan.steps where step.decision.isForUnknownOwner {
      found.insert(snapshot.key(of: step.connection))
    }
    return found
  }

  /// Whether the group of `connection` depends on an owner that is unknown.
  private func isGroupUnknown(of connection: Connection, by policy: Policy) -> Bool {
    guard policy.groupBy?.dependsOnOwner == true,
      case .unknown = snapshot.attribution(of: connection)
    else { return false }
    return true
  }

  /// How many connections without a readable mark a policy about marks could not judge.
  fileprivate var connectionsWithoutMark: Int {
    let rows = findings.filter { found in
      ([found.policy.match] + found.policy.except + found.policy.protect.map(\.predicate))
        .contains(where: \.namesMarks)
    }.flatMap(\.undecidedRows)
    return Set(rows).count { snapshot.connections[$0].mark == nil }
  }
}
