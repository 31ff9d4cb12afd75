import Connections
import Privileges
import ProcessTable
package import Rendering
package import Scanning

/// What is to be said of a list as a whole.
package struct ListSummary {
  package let snapshot: Snapshot
  package let shown: Int

  package init(snapshot: Snapshot, shown: Int) {
    self.snapshot = snapshot
    self.shown = shown
  }

  /// `3 of 1,204 connections, held by 2 processes`; `3 connections` when the kernel did not say of
  /// how many.
  package var line: String {
    var line =
      if let total = snapshot.total, total != shown {
        "\(Count.text(shown)) of \(Count.text(total)) connections"
      } else {
        "\(Count.text(shown)) connection\(Count.plural(shown))"
      }
    if shown < snapshot.connections.count {
      line += " (\(Count.text(snapshot.connections.count)) match; --limit shows the first)"
    }
    if let holders = holders, holders > 0 {
      line += ", held by \(Count.text(holders)) process\(holders == 1 ? "" : "es")"
    }
    return line
  }

  /// What the list does not show for want of a fact or a privilege.
  package var warnings: [String] {
    var warnings = Self.warnings(undecided: snapshot.undecided)
    if unreadable > 0, hasUnknownOwner {
      let remedy = missing.map { "\($0)" } ?? "see 'connreap doctor'"
      warnings.append(
        "owners are missing: \(Count.text(unreadable)) process\(unreadable == 1 ? "" : "es") "
          + "could not be read; \(remedy)")
    }
    return warnings + viewWarnings + namespaceWarnings
  }

  /// Why owners may be missing that `/proc` does not show.
  package var viewWarnings: [String] {
    guard !snapshot.connections.isEmpty || snapshot.undecided > 0 else { return [] }
    return snapshot.viewLimits.map { "owners may be missing: \($0); \($0.remedy)" }
  }

  /// What is said of so many connections for which the selection cannot be decided.
  package static func warnings(undecided count: Int) -> [String] {
    guard count > 0 else { return [] }
    return [
      "\(Count.text(count)) connection\(Count.plural(count)) left out: "
        + "what is known of \(count == 1 ? "it" : "them") does not decide the selection"
    ]
  }

  /// The network namespaces that could not be looked at, and what that needs.
  package var namespaceWarnings: [String] { Self.warnings(snapshot.namespaceGaps) }

  package static func warnings(_ gaps: [NamespaceGap]) -> [String] {
    var reasons: [String] = []
    var labels: [String: [String]] = [:]
    var forbidden: Set<String> = []
    for gap in gaps {
      let reason =
        if case .cannotList(_, let problem) = gap.problem { "\(problem)" } else { "unreadable" }
      if labels[reason] == nil { reasons.append(reason) }
      if gap.isForbidden { forbidden.insert(reason) }
      labels[reason, default: []].append(gap.namespace.label)
    }
    let missing = (try? HeldCapabilities.current())
      .flatMap { MissingCapabilities(.enteringNamespace, held: $0) }
    return reasons.map { reason in
      let names = labels[reason, default: []]
      let some = names.prefix(3).joined(separator: ", ")
      let rest = names.count > 3 ? " and \(Count.text(names.count - 3)) more" : ""
      return "left out network namespace\(Count.plural(names.count)) \(some)\(rest): \(reason)"
        + (forbidden.contains(reason) ? missing.map { "; \($0)" } ?? "" : "")
    }
  }

  /// Writes the members of `summary`.
  package func write(to json: inout JSONWriter) {
    if let total = snapshot.total { json.member("listed", total) } else { json.null("listed") }
    json.member("matched", snapshot.connections.count)
    json.member("shown", shown)
    json.member("undecided", snapshot.undecided)
    json.member("unreadable_processes", unreadable)
    json.member("unreadable_namespaces", snapshot.namespaceGaps.count)
  }

  /// How many processes hold connections of the snapshot; nil when owners were not read.
  private var holders: Int? {
    guard let owners = snapshot.owners else { return nil }
    var isHolder = [Bool](repeating: false, count: owners.processes.count)
    for connection in snapshot.connections {
      if case .held(let holdings) = snapshot.attribution(of: connection) {
        for holding in holdings { isHolder[Int(holding.process)] = true }
      }
    }
    return isHolder.count { $0 }
  }

  private var unreadable: Int { snapshot.unreadable.count }

  /// Whether the owner of a connection is not known where it could be.
  private var hasUnknownOwner: Bool {
    snapshot.undecided > 0
      || snapshot.connections.contains { connection in
        if case .unknown = snapshot.attribution(of: connection) { true } else { false }
      }
  }

  /// What this process lacks to read the descriptors of others.
  private var missing: MissingCapabilities? {
    guard let held = try? HeldCapabilities.current() else { return nil }
    return MissingCapabilities(.readingOthersDescriptors, held: held)
  }
}

extension Snapshot {
  /// How many connections there are in the states of the selection; nil when the kernel listed only
  /// some of them.
  package var total: Int? { isPrunedByKernel ? nil : listed }
}
