import Connections
import Operations
import Presentation
package import Rendering
import Scanning
import Screens

/// A ``LeaksReport`` as a table, JSON or CSV.
package struct LeaksText {
  package let report: LeaksReport
  package let advice: LeakAdvice

  package init(_ report: LeaksReport, advice: LeakAdvice) {
    self.report = report
    self.advice = advice
  }

  private var search: LeakSearch { report.search }

  // MARK: - Table

  private func print(
    _ columns: [LeakColumn], _ layout: Table.Layout, to output: inout OutputStream
  ) throws(OutputProblem) {
    try output.writeParagraph(LeakSummary(search).line, width: layout.width)
    guard !search.groups.isEmpty else {
      if let idle = LeakSummary(search).idleLine {
        try output.writeParagraph(idle, width: layout.width)
      }
      return
    }
    let rows = search.groups.map { group in columns.map { $0.text(of: group) } }
    let used = LeakColumn.fitting(columns, rows, by: search.grouping, layout)
    let table = Table(
      columns: used.map { columns[$0].column(by: search.grouping) }, rowCount: rows.count,
      cell: { row, column, text in text.append(contentsOf: rows[row][used[column]].utf8) },
      style: { _, column in column == 0 ? .yellow : nil })
    try table.print(layout, to: &output)
    try output.writeParagraph(legend, width: layout.width)
    if let worst = report.remedies.firstIndex(where: { $0 != nil }),
      let remedy = report.remedies[worst]
    {
      try output.write("\n")
      for line in advice.text(remedy, for: search.groups[worst]).split(separator: "\n") {
        // A command stays on one line, so that it can be copied.
        let width = line.hasPrefix(" ") ? nil : layout.width
        try output.writeParagraph(String(line), width: width)
      }
    }
  }

  /// What the columns mean.
  private var legend: String {
    let time = DurationText.exact(milliseconds: search.rule.leakedAfter)
    var text = "Leaked: in CLOSE-WAIT for at least \(time) without traffic"
    if let idle = search.rule.idle {
      text += ", or ESTABLISHED and idle for at least \(DurationText.exact(milliseconds: idle))"
    }
    return text + ". Dead: the connection is closed, but the program still holds the descriptor."
  }
}

extension OutputStream {
  /// Writes `text` in lines of at most `width` columns.
  fileprivate mutating func writeParagraph(_ text: String, width: Int?) throws(OutputProblem) {
    for line in width.map({ ScreenLine.wrapped(text, to: $0, indent: 0).map(\.text) }) ?? [text] {
      try write(line + "\n")
    }
  }
}

extension LeaksText: Printable {
  package static let printers = Printers<LeaksText>(
    table: { text, layout, stream in try text.print(LeakColumn.table, layout, to: &stream) },
    wide: { text, layout, stream in
      var layout = layout
      layout.width = nil
      try text.print(LeakColumn.wide, layout, to: &stream)
    },
    json: { text, _, stream in try stream.writeJSON { text.report.write(to: &$0) } },
    csv: { text, layout, stream in
      if layout.showsHeader {
        try stream.write { CSVText.appendLine(LeakFields.names, to: &$0) }
      }
      for (index, group) in text.report.search.groups.enumerated() {
        let fields = LeakFields.values(of: group, text.report.remedies[index])
        try stream.write { CSVText.appendLine(fields, to: &$0) }
      }
    })
}
