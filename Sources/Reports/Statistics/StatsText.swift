import Connections
import Operations
import Presentation
package import Rendering
import Scanning
import Screens

/// A ``StatsReport`` as a table, JSON or CSV.
package struct StatsText {
  package let report: StatsReport
  /// The earlier reports, for changes; nil for the first.
  package var earlier: WatchedReports<StatsReport>?
  /// Whether reports repeat, so that each has its time and columns of changes.
  package var isRepeated = false
  /// Whether states without sockets and all of the kernel's counters are shown.
  package var showsAll = false
  /// Whether the meaning of each state is explained.
  package var explains = false
  package var limit: Int?

  package init(
    report: StatsReport, earlier: WatchedReports<StatsReport>? = nil, isRepeated: Bool = false,
    showsAll: Bool = false, explains: Bool = false, limit: Int? = nil
  ) {
    self.report = report
    self.earlier = earlier
    self.isRepeated = isRepeated
    self.showsAll = showsAll
    self.explains = explains
    self.limit = limit
  }

  package func print(_ layout: Table.Layout, to output: inout OutputStream) throws(OutputProblem) {
    if let heading { try output.write(heading + "\n") }
    if report.groupings.isEmpty {
      if !states.isEmpty { try statesTable(layout).print(layout, to: &output) }
      try output.writeParagraphs(summary, width: layout.width)
    } else {
      try output.writeParagraphs(summary, width: layout.width)
      let groups = shownGroups
      if !groups.isEmpty { try table(of: groups, layout).print(layout, to: &output) }
      let count = report.groups?.count ?? 0
      if let limit, count > limit {
        try output.write(
          "\(Count.text(count)) groups, the first \(Count.text(limit)) shown (--limit)\n")
      }
    }
    if explains, !report.groupings.isEmpty || !explainsInTable(layout) {
      try printMeanings(layout, to: &output)
    }
    for line in kernelLines { try output.writeParagraphs(line, width: layout.width) }
  }

  /// The time and, from the second report on, the time since the first.
  private var heading: String? {
    guard isRepeated, let time = report.moment.time else { return nil }
    guard let first = earlier?.first, let elapsed = report.elapsed(since: first) else {
      return time
    }
    return "\(time), changes over \(DurationText.rounded(milliseconds: elapsed))"
  }

  /// The states to show: those with sockets, now or in the first report.
  var states: [TCPState] {
    report.states.filter {
      showsAll || report.tally.both[$0] > 0 || earlier.map(\.first.tally.both)?[$0] ?? 0 > 0
    }
  }

  /// The groups to show, with their change since the first report. Of those that are gone, only
  /// those of the previous report are shown.
  var shownGroups: [(group: CombinedGroup, change: Int?)] {
    let previous = Set((earlier?.previous.groups ?? []).map(\.identity))
    let groups = report.groups(since: earlier?.first).filter { group, _ in
      showsAll || group.figures.count > 0 || previous.contains(group.identity)
    }
    let known = Set(groups.map(\.group.identity))
    let gone = (earlier?.previous.groups ?? []).filter { !known.contains($0.identity) }
    let all = groups.map { ($0.group, earlier == nil ? nil : $0.change) }
    return Array((all + gone.map { ($0.gone, 0) }).prefix(limit ?? .max))
  }

  /// `1,269 sockets: 890 ESTAB, 312 CLOSE-WAIT` for groups, else `1,269 sockets: 1,250 IPv4, …`.
  private var summary: String {
    let both = report.tally.both
    let total = "\(Count.text(both.total)) socket\(Count.plural(both.total))"
    let parts =
      if report.groupings.isEmpty {
        [(report.tally.ipv4.total, "IPv4"), (report.tally.ipv6.total, "IPv6")]
      } else {
        report.states.map { (both[$0], $0.label) }.sorted { $0.0 > $1.0 }
      }
    let texts = parts.filter { $0.0 > 0 }.map { "\(Count.text($0.0)) \($0.1)" }
    return texts.isEmpty ? total : total + ": " + texts.joined(separator: ", ")
  }

  /// The kernel's counters that differ from the listed sockets; all of them with `--all`.
  private var kernelLines: [String] {
    guard let kernel = report.kernel else { return [] }
    return kernel.lines(
      established: report.listed(in: .established, .closeWait),
      timeWait: report.listed(in: .timeWait), showsAll: showsAll)
  }

  /// Whether the meanings fit beside the counts; cut off, they would be useless.
  func explainsInTable(_ layout: Table.Layout) -> Bool {
    guard let width = layout.width else { return true }
    let longest = states.map(\.explanation.utf8.count).max() ?? 0
    return longest + Self.countsWidth <= width
  }

  /// The widest columns before the meanings: a state and four numbers of seven digits.
  private static let countsWidth = 12 + 4 * 11

  /// Prints a paragraph for each state that is shown; for groups, for each that occurs.
  private func printMeanings(
    _ layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    let states = states
    let label = states.map(\.label.utf8.count).max() ?? 0
    for state in states {
      let padding = String(repeating: " ", count: label - state.label.utf8.count + 2)
      let text = state.label + padding + state.explanation
      for line in layout.width.map({
        ScreenLine.wrapped(text, to: $0, indent: label + 2).map(\.text)
      }) ?? [text] {
        try output.write(line + "\n")
      }
    }
  }
}

extension StatsText: Printable {
  package static let printers = Printers<StatsText>(
    table: { text, layout, stream in try text.print(layout, to: &stream) },
    json: { text, _, stream in
      var report = text.report
      if let limit = text.limit { report.groups = report.groups.map { Array($0.prefix(limit)) } }
      try stream.writeJSON { report.write(to: &$0) }
    },
    csv: { text, layout, stream in
      try text.printCSV(showsHeader: layout.showsHeader && text.earlier == nil, to: &stream)
    })
}
