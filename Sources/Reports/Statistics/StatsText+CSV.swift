import Connections
import Presentation
package import Rendering
import Scanning

extension StatsText {
  /// Prints all states or groups as CSV.
  package func printCSV(showsHeader: Bool, to output: inout OutputStream) throws(OutputProblem) {
    let time = isRepeated ? [report.moment.time ?? ""] : []
    if showsHeader { try write((isRepeated ? ["time"] : []) + names, to: &output) }
    guard report.groupings.isEmpty else {
      let groups = report.groups ?? []
      for group in groups.prefix(limit ?? groups.count) {
        try write(time + fields(of: group), to: &output)
      }
      return
    }
    let tally = report.tally
    for state in report.states {
      let counts = [tally.both, tally.ipv4, tally.ipv6].map { "\($0[state])" }
      try write(time + [state.name] + counts, to: &output)
    }
  }

  /// The names of the columns. One grouping has its word in `by`; several have a column each.
  private var names: [String] {
    guard !report.groupings.isEmpty else { return ["state", "count", "ipv4", "ipv6"] }
    let keys =
      report.groupings.count == 1
      ? ["by", "key", "pid", "note"]
      : report.groupings.map { $0.rawValue.replacing("-", with: "_") } + ["pid", "note"]
    return keys + ["count", "idle", "close_wait", "oldest_idle_ms", "recv_queue", "send_queue"]
  }

  private func fields(of group: CombinedGroup) -> [String] {
    let figures = group.figures
    let keys = group.parts.map { $0.key ?? "" }
    let pid = group.parts.lazy.compactMap(\.pid).first.map { "\($0)" } ?? ""
    let note = group.parts.filter { $0.key == nil }.map(\.label).joined(separator: "; ")
    let by = report.groupings.count == 1 ? report.groupings.map(\.rawValue) : []
    return by + keys + [
      pid, note, "\(figures.count)", figures.knownLongIdle.map { "\($0)" } ?? "",
      "\(figures.closeWait)", figures.oldestIdle.map { "\($0)" } ?? "", "\(figures.receiveQueue)",
      "\(figures.sendQueue)",
    ]
  }

  private func write(_ fields: [String], to output: inout OutputStream) throws(OutputProblem) {
    try output.write { CSVText.appendLine(fields, to: &$0) }
  }
}
