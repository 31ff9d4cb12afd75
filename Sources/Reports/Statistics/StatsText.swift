import Connections
import Operations
import Presentation
package import Rendering
import Scanning
import Screens

/// A ``StatsReport`` as a table, JSON or CSV.
package struct StatsText {
  package let report: StatsReport
  /// The previous report, for changes; nil for the first.
  package var earlier: StatsReport?
  /// Whether there is a column of changes.
  package var showsChanges = false
  /// Whether the meaning of each state is explained.
  package var explains = false
  package var limit: Int?

  package init(
    report: StatsReport, earlier: StatsReport? = nil, showsChanges: Bool = false,
    explains: Bool = false, limit: Int? = nil
  ) {
    self.report = report
    self.earlier = earlier
    self.showsChanges = showsChanges
    self.explains = explains
    self.limit = limit
  }

  private static let unknown = "–"

  // MARK: - Table

  package func print(_ layout: Table.Layout, to output: inout OutputStream) throws(OutputProblem) {
    if let time = report.time { try output.write("\(time)\n") }
    if let grouping = report.grouping {
      try output.write(summary + "\n")
      if report.groups?.isEmpty == false { try table(grouping, layout).print(layout, to: &output) }
      let count = report.groups?.count ?? 0
      if let limit, count > limit {
        try output.write(
          "\(Count.text(count)) groups, the first \(Count.text(limit)) shown (--limit)\n")
      }
    } else {
      try statesTable(layout).print(layout, to: &output)
      try output.write(summary + "\n")
    }
    if explains, report.grouping != nil || !explainsInTable(layout) {
      try printMeanings(layout, to: &output)
    }
    if let kernel = report.kernel {
      try output.write(kernel.text(listed: report.listedEstablished) + "\n")
    }
  }

  /// `1,269 sockets: 890 ESTAB, 312 CLOSE-WAIT` for groups, else `1,269 sockets: 1,250 IPv4, …`.
  private var summary: String {
    let both = report.tally.both
    let total = "\(Count.text(both.total)) socket\(Count.plural(both.total))"
    let parts =
      if report.grouping == nil {
        [(report.tally.ipv4.total, "IPv4"), (report.tally.ipv6.total, "IPv6")]
      } else {
        report.states.map { (both[$0], $0.label) }.sorted { $0.0 > $1.0 }
      }
    let texts = parts.filter { $0.0 > 0 }.map { "\(Count.text($0.0)) \($0.1)" }
    return texts.isEmpty ? total : total + ": " + texts.joined(separator: ", ")
  }

  private func statesTable(_ layout: Table.Layout) -> Table {
    let (ipv4, ipv6, both) = (report.tally.ipv4, report.tally.ipv6, report.tally.both)
    let before = earlier?.tally.both
    var columns = [
      Table.Column(title: "STATE"), Table.Column(title: "COUNT", alignment: .right),
      Table.Column(title: "IPV4", alignment: .right),
      Table.Column(title: "IPV6", alignment: .right),
    ]
    var rows = report.states.map { state in
      [state.label, Count.text(both[state]), Count.text(ipv4[state]), Count.text(ipv6[state])]
    }
    if showsChanges {
      columns.insert(Table.Column(title: "CHANGE", alignment: .right), at: 2)
      for (index, state) in report.states.enumerated() {
        let change = before.flatMap { Count.difference(both[state] - $0[state]) }
        rows[index].insert(change ?? "", at: 2)
      }
    }
    let counts = report.states.map { both[$0] }
    if explains, explainsInTable(layout) {
      columns.append(Table.Column(title: "MEANING"))
      for (index, state) in report.states.enumerated() { rows[index].append(state.explanation) }
    } else {
      Self.addBars(of: counts, to: &columns, &rows, layout)
    }
    let styles = report.states.map { state -> Style? in
      both[state] == 0 ? .dim : state == .closeWait ? .yellow : nil
    }
    return Self.table(columns, rows, styles: styles)
  }

  private func table(_ grouping: Grouping, _ layout: Table.Layout) -> Table {
    let all = report.groups(since: earlier)
    let shown = all.prefix(limit ?? all.count)
    let number = { (title: String) in Table.Column(title: title, alignment: .right) }
    var columns = [
      Table.Column(title: grouping.title, minimumWidth: 15), number("COUNT"), number("CLOSE-WAIT"),
      number("IDLE 1h+"), number("OLDEST"), number("RECV-Q"), number("SEND-Q"),
    ]
    var rows = shown.map { group, _ in Self.cells(of: group) }
    if showsChanges {
      columns.insert(number("CHANGE"), at: 2)
      for (index, (_, change)) in shown.enumerated() {
        rows[index].insert(earlier == nil ? "" : Count.difference(change) ?? "", at: 2)
      }
    }
    Self.addBars(of: shown.map(\.group.figures.count), to: &columns, &rows, layout)
    let styles = shown.map { group, _ -> Style? in
      group.figures.count == 0 ? .dim : group.figures.closeWait > 0 ? .yellow : nil
    }
    return Self.table(columns, rows, styles: styles)
  }

  private static func cells(of group: ConnectionGroup) -> [String] {
    let figures = group.figures
    return [
      EscapedText.escaped(group.label), Count.text(figures.count), Count.text(figures.closeWait),
      figures.knownLongIdle.map(Count.text) ?? unknown,
      figures.oldestIdle.map { DurationText.rounded(milliseconds: UInt64($0)) } ?? unknown,
      Count.bytes(figures.receiveQueue), Count.bytes(figures.sendQueue),
    ]
  }

  /// Adds a column of bars if there is room.
  private static func addBars(
    of counts: [Int], to columns: inout [Table.Column], _ rows: inout [[String]],
    _ layout: Table.Layout
  ) {
    let gap = 2
    let used = columns.indices.reduce(0) { used, column in
      let widest = rows.map { EscapedText.width(of: $0[column].utf8) }.max() ?? 0
      let title = layout.showsHeader ? columns[column].title.utf8.count : 0
      return used + max(widest, title) + gap
    }
    let width = Bar.width(behind: used, in: layout.width)
    guard width > 0 else { return }
    columns.append(Table.Column(title: ""))
    let maximum = counts.max() ?? 0
    for index in rows.indices {
      rows[index].append(Bar.text(counts[index], of: maximum, width: width))
    }
  }

  private static func table(
    _ columns: [Table.Column], _ rows: [[String]], styles: [Style?]
  ) -> Table {
    Table(
      columns: columns, rowCount: rows.count,
      cell: { row, column, text in text.append(contentsOf: rows[row][column].utf8) },
      style: { row, column in column == 0 || styles[row] == .dim ? styles[row] : nil })
  }

  /// Whether the meanings fit beside the counts; cut off, they would be useless.
  private func explainsInTable(_ layout: Table.Layout) -> Bool {
    guard let width = layout.width else { return true }
    let longest = report.states.map(\.explanation.utf8.count).max() ?? 0
    return longest + Self.countsWidth <= width
  }

  /// The widest columns before the meanings: a state and four numbers of seven digits.
  private static let countsWidth = 12 + 4 * 11

  /// Prints a paragraph for each state; for groups, only for states that occur.
  private func printMeanings(
    _ layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    let label = report.states.map(\.label.utf8.count).max() ?? 0
    for state in report.states where report.grouping == nil || report.tally.both[state] > 0 {
      let padding = String(repeating: " ", count: label - state.label.utf8.count + 2)
      let text = state.label + padding + state.explanation
      for line in layout.width.map({
        ScreenLine.wrapped(text, to: $0, indent: label + 2).map(\.text)
      }) ?? [text] {
        try output.write(line + "\n")
      }
    }
  }

  // MARK: - CSV

  package func printCSV(showsHeader: Bool, to output: inout OutputStream) throws(OutputProblem) {
    let time = report.time.map { [$0] } ?? []
    let timeTitle = report.time == nil ? [] : ["time"]
    if let grouping = report.grouping {
      if showsHeader {
        try write(
          timeTitle + [
            "by", "key", "pid", "note", "count", "idle", "close_wait", "oldest_idle_ms",
            "recv_queue", "send_queue",
          ], to: &output)
      }
      let groups = report.groups ?? []
      for group in groups.prefix(limit ?? groups.count) {
        try write(time + Self.fields(of: group, grouping), to: &output)
      }
    } else {
      if showsHeader { try write(timeTitle + ["state", "count", "ipv4", "ipv6"], to: &output) }
      let tally = report.tally
      for state in report.states {
        let counts = [tally.both, tally.ipv4, tally.ipv6].map { "\($0[state])" }
        try write(time + [state.name] + counts, to: &output)
      }
    }
  }

  private static func fields(of group: ConnectionGroup, _ grouping: Grouping) -> [String] {
    let figures = group.figures
    return [
      grouping.rawValue, group.key ?? "", group.pid.map { "\($0)" } ?? "",
      group.key == nil ? group.label : "", "\(figures.count)",
      figures.knownLongIdle.map { "\($0)" } ?? "", "\(figures.closeWait)",
      figures.oldestIdle.map { "\($0)" } ?? "", "\(figures.receiveQueue)", "\(figures.sendQueue)",
    ]
  }

  private func write(_ fields: [String], to output: inout OutputStream) throws(OutputProblem) {
    try output.write { CSVText.appendLine(fields, to: &$0) }
  }
}

extension StatsText: Printable {
  package static let printers = Printers<StatsText>(
    table: { text, layout, stream in
      if text.earlier != nil { try stream.write("\n") }
      try text.print(layout, to: &stream)
    },
    json: { text, _, stream in
      var report = text.report
      if let limit = text.limit { report.groups = report.groups.map { Array($0.prefix(limit)) } }
      try stream.writeJSON { report.write(to: &$0) }
    },
    csv: { text, layout, stream in
      try text.printCSV(showsHeader: layout.showsHeader && text.earlier == nil, to: &stream)
    })
}
