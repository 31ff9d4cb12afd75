import Connections
import Netlink
import Selection
import SocketDiagnostics

extension Scanner {
  /// Finds the listening sockets that `request` selects and counts the connections to them.
  ///
  /// One dump yields both. A socket that moves in the kernel's table during the dump may be counted
  /// twice; see ``tally(_:at:)``.
  ///
  /// - Throws: if no namespace could be listed; if only some could not, these are gaps.
  public func surveyListeners(
    _ request: ScanRequest, at moment: ScanMoment
  ) throws(ScanProblem) -> ListenerSurvey {
    var rows = CollectedRows(request)
    var ends = LocalEndCounts()
    let gaps = try forEachNamespace { (source, number) throws(ScanProblem) in
      let before = (rows.mark, ends)
      do throws(ScanProblem) {
        rows.enter(namespace: number)
        try survey(source, number, moment.uptime, &rows, &ends)
      } catch {
        rows.rewind(to: before.0)
        ends = before.1
        throw error
      }
    }
    let snapshot = try snapshot(of: rows, for: request, at: moment, gaps: gaps, walk: nil)
    return ListenerSurvey(snapshot, ends)
  }

  private func survey(
    _ source: NamespaceSource, _ number: UInt16, _ uptime: UInt64?, _ rows: inout CollectedRows,
    _ ends: inout LocalEndCounts
  ) throws(ScanProblem) {
    let before = (rows.mark, ends)
    let dump = DumpRequest(families: .both, states: .all, details: [])
    try retrying(dump, in: source, uptime: uptime) { (diagnostics) throws(NetlinkProblem) in
      rows.rewind(to: before.0)
      ends = before.1
      let taken = try diagnostics.dump(dump) { row in
        var row = row
        row.namespace = number
        rows.add(row)
        ends.add(row)
      }
      rows.finish(taken)
    }
  }
}
