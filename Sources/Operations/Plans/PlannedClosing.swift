package import Connections
import Presentation
package import Reaping
import Rendering
import Scanning
import Selection

/// Connections that were chosen one by one at an earlier look, held against the machine as it is now:
/// those of a plan that was read back, or that were marked by hand.
package struct PlannedClosing {
  private let closings: [PlanFile.Planned]
  private let system: LiveSystem

  package init(_ file: PlanFile, named path: String, on system: LiveSystem) throws(CommandFailure) {
    self.init(file.closings, on: system)
    let name = EscapedText.escaped(path)
    guard let now = system.moment.bootID, file.bootID == now else {
      throw CommandFailure(
        .badData, "\(name) was made in another boot: its cookies mean nothing in this one",
        remedy: "make it again with 'connreap kill --dry-run -o json'")
    }
    let known = Set(system.namespaces.sources.compactMap { system.inode(of: $0.namespace) })
    guard let foreign = file.closings.first(where: { !known.contains($0.networkNamespace) })
    else { return }
    throw CommandFailure(
      .badData,
      "\(name) has connections of network namespace \(foreign.networkNamespace), "
        + "which is not looked at",
      remedy: "run it there, with 'ip netns exec' or nsenter, or name it with --netns")
  }

  /// The connections that were chosen on `system` since it was started.
  package init(_ closings: [PlanFile.Planned], on system: LiveSystem) {
    self.closings = closings
    self.system = system
  }

  /// The plan to close what is still there of the connections, and no guard spares now.
  ///
  /// - Parameter states: the only states in which one is closed; nil for every state.
  package func plan(
    guardedBy guards: Guards, in states: TCPStateSet? = nil
  ) throws(CommandFailure) -> Plan {
    var snapshot = try scan(reading: [.figures, .owners, .controlGroups])
    // One dump can miss a connection that lives: absent is who is so twice.
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
      let place = place(of: planned.networkNamespace)
      connection.namespace = UInt16(place ?? 0)
      let isListed = place.map { system.namespaces.sources[$0].namespace }.map { namespace in
        !snapshot.namespaceGaps.contains { $0.namespace == namespace }
      }
      return Plan.Step(
        connection: connection,
        decision: .spare(isListed == true ? .ended : .namespaceNotListed), method: guards.method)
    }
    let reason: SpareReason?
    if now.inode != planned.connection.inode {
      // Its program has closed it: what is left is the kernel's, or in another's hands.
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

  /// Where the namespace with this inode is among those that are looked at.
  private func place(of networkNamespace: UInt64) -> Int? {
    system.namespaces.sources.firstIndex { system.inode(of: $0.namespace) == networkNamespace }
  }

  /// Lists what was chosen, and what else has ports like that.
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
