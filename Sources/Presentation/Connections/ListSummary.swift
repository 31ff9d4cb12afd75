import Connections
import Privileges
import ProcessTable
package import Rendering
package import Scanning

/// The summary of a list of connections, and its warnings.
package struct ListSummary {
  package let snapshot: Snapshot
  package let shown: Int

  package init(snapshot: Snapshot, shown: Int) {
    self.snapshot = snapshot
    self.shown = shown
  }

  /// `3 of 1,204 connections, held by 2 processes`, or `3 connections` if the total is unknown.
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

  /// What the list omits because of missing data or privileges.
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

  /// Why `/proc` may not show all owners.
  package var viewWarnings: [String] {
    guard !snapshot.connections.isEmpty || snapshot.undecided > 0 else { return [] }
    return snapshot.viewLimits.map { "owners may be missing: \($0); \($0.remedy)" }
  }

  /// The warning about `count` connections that the selection could not judge.
  package static func warnings(undecided count: Int) -> [String] {
    guard count > 0 else { return [] }
    return [
      "\(Count.text(count)) connection\(Count.plural(count)) could not be judged "
        + "(owner or idle time unknown); left out"
    ]
  }

  /// The network namespaces that could not be listed, and why.
  package var namespaceWarnings: [String] { Self.warnings(snapshot.namespaceGaps) }

  /// One warning for each reason in `gaps`, with the missing capability if there is one.
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
      let first = names.prefix(3).joined(separator: ", ")
      let rest = names.count > 3 ? " and \(Count.text(names.count - 3)) more" : ""
      return "left out network namespace\(Count.plural(names.count)) \(first)\(rest): \(reason)"
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

  /// The number of processes that hold connections of the snapshot; nil if owners were not read.
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

  /// Whether the owner of any connection is unknown.
  private var hasUnknownOwner: Bool {
    snapshot.undecided > 0
      || snapshot.connections.contains { connection in
        if case .unknown = snapshot.attribution(of: connection) { true } else { false }
      }
  }

  /// The capabilities missing for reading the descriptors of other processes.
  private var missing: MissingCapabilities? {
    guard let held = try? HeldCapabilities.current() else { return nil }
    return MissingCapabilities(.readingOthersDescriptors, held: held)
  }
}

extension Snapshot {
  /// The number of connections in the selected states; nil if the kernel listed only some of them.
  package var total: Int? { isPrunedByKernel ? nil : listed }
}
