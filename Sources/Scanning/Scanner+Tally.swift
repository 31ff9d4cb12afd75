import Connections
import Netlink
import Selection
import SocketDiagnostics

extension Scanner {
  /// Counts what `request` selects, and keeps nothing else of it.
  ///
  /// A dump is no snapshot: a socket that moves in the kernel's table while it is listed may be
  /// counted twice. To tell would take a table of all cookies, and more time than the dump.
  ///
  /// - Throws: when not one namespace could be listed; one of several is a gap.
  public func tally(
    _ request: ScanRequest, at moment: ScanMoment
  ) throws(ScanProblem) -> Tally {
    guard !request.selection.needsOwners, !request.selection.needsAutobound else {
      return Tally(try scan(request, at: moment))
    }
    var tally = Tally()
    let gaps = try forEachNamespace { (source, _) throws(ScanProblem) in
      let before = tally
      do throws(ScanProblem) {
        try count(request, in: source, uptime: moment.uptime, into: &tally)
      } catch {
        tally = before
        throw error
      }
    }
    tally.namespaceGaps = gaps
    return tally
  }

  private func count(
    _ request: ScanRequest, in source: NamespaceSource, uptime: UInt64?, into tally: inout Tally
  ) throws(ScanProblem) {
    let selection = request.selection
    let isOfStatesAlone = selection.stateMask.states.allSatisfy(selection.predicate.selectsAll)
    for dump in request.dumps.compactMap(\.request) {
      let before = tally
      try repeated(dump, in: source, uptime: uptime) { (diagnostics) throws(NetlinkProblem) in
        tally = before
        if isOfStatesAlone {
          try diagnostics.dumpStates(dump) { state in
            if dump.states.contains(state) { tally.add(state, of: dump.family) }
          }
        } else {
          try diagnostics.dump(dump) { tally.add($0, if: selection, knowing: request.past) }
        }
      }
    }
  }
}

extension Tally {
  /// Counts `row` if it is selected.
  fileprivate mutating func add(
    _ row: Connection, if selection: PreparedSelection, knowing past: PastConnections
  ) {
    switch selection.verdict(of: row, owners: OwnersUnknown(), past: past.past(of: row)) {
    case .yes: add(row.state, of: row.identity.family)
    case .unknown: undecided += 1
    case .no: break
    }
  }
}
