package import Connections
import Presentation
package import Reaping
import Rendering
import Scanning
import Selection

/// Connections that an earlier scan found, from a plan file or marked by hand, compared with the
/// machine as it is now.
package struct PlannedClosing {
  private let closings: [PlanFile.Planned]
  private let system: LiveSystem

  package init(_ file: PlanFile, named path: String, on system: LiveSystem) throws(CommandFailure) {
    self.init(file.closings, on: system)
    let name = EscapedText.escaped(path)
    guard let now = system.moment.bootID, file.bootID == now else {
      throw CommandFailure(
        .badData, "\(name) was made in another boot: its cookies are not valid in this one",
        remedy: "regenerate it with 'connreap kill --dry-run -o json'")
    }
    let known = Set(system.namespaces.sources.compactMap { system.inode(of: $0.namespace) })
    guard let foreign = file.closings.first(where: { !known.contains($0.networkNamespace) })
    else { return }
    throw CommandFailure(
      .badData,
      "\(name) has connections of network namespace \(foreign.networkNamespace), "
        + "which is not examined",
      remedy: "run it there, with 'ip netns exec' or nsenter, or name it with --netns")
  }

  /// Connections that were chosen on `system` in the same boot.
  package init(_ closings: [PlanFile.Planned], on system: LiveSystem) {
    self.closings = closings
    self.system = system
  }

  /// The plan to close the connections that still exist and that no guard spares now.
  ///
  /// - Parameter states: the only states in which a connection is closed; nil for all.
  package func plan(
    guardedBy guards: Guards, in states: TCPStateSet? = nil
  ) throws(CommandFailure) -> Plan {
    var snapshot = try scan(reading: [.figures, .owners, .controlGroups])
    // A dump can miss a live connection, so one that is absent must be absent twice.
    let keys = snapshot.keys
    if closings.contains(where: { !keys.contains($0.key) }) {
      let again = try scan(reading: []).keys
      if !again.isSubset(of: keys) {
        snapshot = try scan(reading: [.figures, .owners, .controlGroups])
      }
    }
    var found: [ConnectionKey: Connection] = [:]
    for connection in snapshot.connections { found[snapshot.key(of: connection)] = connection }
    return Plan(
      closings.map { planned in
        step(for: planned, now: found[planned.key], in: snapshot, guards, states)
      }, from: snapshot)
  }

  private func step(
    for planned: PlanFile.Planned, now: Connection?, in snapshot: Snapshot, _ guards: Guards,
    _ states: TCPStateSet?
  ) -> Plan.Step {
    guard let now else {
      var connection = planned.connection
      let index = index(of: planned.networkNamespace)
      connection.namespace = UInt16(index ?? 0)
      let isListed = index.map { system.namespaces.sources[$0].namespace }.map { namespace in
        !snapshot.namespaceGaps.contains { $0.namespace == namespace }
      }
      return Plan.Step(
        connection: connection,
        decision: .spare(isListed == true ? .ended : .namespaceNotListed), method: guards.method)
    }
    let reason: SpareReason?
    if now.inode != planned.connection.inode {
      // Its program has closed it. The kernel or another process has what is left.
      reason = .ended
    } else if !now.isUnchanged(since: planned.connection) {
      reason = .changed(to: now.state)
    } else if let states, !states.contains(now.state) {
      reason = .stateNotSelected
    } else {
      reason = guards.reasonToSpare(now, in: snapshot)
    }
    return Plan.Step(
      connection: now, decision: reason.map(Plan.Decision.spare) ?? .close, method: guards.method)
  }

  /// The index of the examined namespace with this inode.
  private func index(of networkNamespace: UInt64) -> Int? {
    system.namespaces.sources.firstIndex { system.inode(of: $0.namespace) == networkNamespace }
  }

  /// Lists the chosen connections. The kernel filters by the range of their local ports.
  private func scan(reading details: ScanRequest.Details) throws(CommandFailure) -> Snapshot {
    let ports = closings.map(\.connection.identity.localPort)
    var terms: [SelectionPredicate] = [.term(.states(.all))]
    if let low = ports.min(), let high = ports.max() {
      terms.append(.term(.port(.local, low...high)))
    }
    let snapshot = try system.scan(ScanRequest(.all(terms), reading: details))
    let wanted = Set(closings.map(\.key))
    return snapshot.keeping { wanted.contains(snapshot.key(of: $0)) }
  }
}
