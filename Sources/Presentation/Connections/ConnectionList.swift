import Connections
import ProcessTable
package import Rendering
import Scanning

/// A list of connections, printed in the formats of `-o`.
package struct ConnectionList: Sendable {
  package let connections: OrderedConnections
  package let text: ConnectionText
  /// The columns that `--columns` names; nil for those of the format.
  package let columns: [ConnectionColumn]?

  package init(
    connections: OrderedConnections, text: ConnectionText, columns: [ConnectionColumn]? = nil
  ) {
    self.connections = connections
    self.text = text
    self.columns = columns
  }

  /// `columns` without those that are empty for all connections, to save space on a terminal.
  package func withoutEmptyColumns(_ columns: [ConnectionColumn]) -> [ConnectionColumn] {
    columns.filter { column in
      switch column {
      case .inState: connections.contains { $0.inStateAtLeast != nil }
      case .stalled: connections.contains { $0.hasDataInFlight == true }
      case .timer: connections.contains { $0.timer.kind != .off }
      default: true
      }
    }
  }

  /// The columns that fit the terminal.
  ///
  /// If there is too little room, empty queues are omitted, the send queue first. Next are the time
  /// in a state and the columns in ``ConnectionColumn/dispensable``.
  private func fitting(
    _ columns: [ConnectionColumn], _ natural: [ConnectionColumn: Int], _ layout: Table.Layout
  ) -> [ConnectionColumn] {
    var fitting = columns
    func isTooWide(leavingOwners minimum: Int? = nil) -> Bool {
      table(fitting, owners: minimum)
        .isTooWide(fitting.map { natural[$0] ?? 0 }, for: layout)
    }
    for queue in [ConnectionColumn.sendQueue, .receiveQueue] {
      guard isTooWide(leavingOwners: Self.ampleOwnerWidth) else { return fitting }
      let isEmpty = !connections.contains {
        (queue == .sendQueue ? $0.sendQueue : $0.receiveQueue) > 0
      }
      if isEmpty { fitting.removeAll { $0 == queue } }
    }
    for column in [.inState] + ConnectionColumn.dispensable {
      guard isTooWide() else { return fitting }
      fitting.removeAll { $0 == column }
    }
    return fitting
  }

  /// A width that shows most owners up to their pid.
  private static let ampleOwnerWidth = 24

  /// Prints a table.
  ///
  /// - Parameter isFree: whether columns that do not fit may be omitted.
  package func printTable(
    _ columns: [ConnectionColumn], _ layout: Table.Layout, isFree: Bool = false,
    to output: inout OutputStream
  ) throws(OutputProblem) {
    guard isFree, layout.width != nil else {
      return try table(columns).print(layout, to: &output)
    }
    // Of many connections, measuring takes a while: it is done once.
    let natural = Dictionary(
      uniqueKeysWithValues: zip(columns, table(columns).naturalWidths(for: layout)))
    let shown = fitting(columns, natural, layout)
    try table(shown).print(layout, natural: shown.map { natural[$0] ?? 0 }, to: &output)
  }

  /// - Parameter owners: the minimum width of the owner column; nil for the default.
  private func table(
    _ columns: [ConnectionColumn], owners: Int? = nil
  ) -> Table {
    Table(
      columns: columns.map {
        Table.Column(
          title: $0.title, alignment: $0.isNumber ? .right : .left,
          minimumWidth: $0 == .process ? owners ?? $0.minimumWidth : $0.minimumWidth, cut: $0.cut,
          rank: $0.rank)
      },
      rowCount: connections.count,
      cell: { row, column, cell in
        text.append(columns[column], of: connections[row], to: &cell)
      },
      style: { row, column in
        columns[column] == .state ? connections[row].state.style : nil
      })
  }

  /// Prints CSV.
  package func printCSV(
    _ columns: [ConnectionColumn], showsHeader: Bool, to output: inout OutputStream
  ) throws(OutputProblem) {
    if showsHeader {
      try output.write(columns.map(\.csvName).joined(separator: ",") + "\n")
    }
    try ParallelRows.write(connections.count, to: &output) { rows, lines in
      var field: [UInt8] = []
      for connection in connections[rows] {
        for (index, column) in columns.enumerated() {
          if index > 0 { lines.append(UInt8(ascii: ",")) }
          field.removeAll(keepingCapacity: true)
          text.appendField(column, of: connection, to: &field)
          CSVText.append(printable: field, to: &lines)
        }
        lines.append(UInt8(ascii: "\n"))
      }
    }
  }

  /// Prints one JSON object per line.
  package func printJSONLines(to output: inout OutputStream) throws(OutputProblem) {
    let rows = ConnectionJSON(text: text)
    try ParallelRows.write(connections.count, to: &output) { batch, lines in
      var json = JSONWriter()
      for connection in connections[batch] {
        rows.write(connection, to: &json)
        json.endDocument()
        json.move(to: &lines)
      }
    }
  }

  /// Prints one JSON document with a summary.
  package func printJSON(to output: inout OutputStream) throws(OutputProblem) {
    let rows = ConnectionJSON(text: text)
    var json = JSONWriter()
    json.openObject()
    json.openArray("connections")
    try output.write { json.move(to: &$0) }
    try ParallelRows.write(connections.count, to: &output) { batch, lines in
      var json = JSONWriter(continuesArray: batch.lowerBound > 0)
      for connection in connections[batch] {
        json.newline()
        rows.write(connection, to: &json)
        json.move(to: &lines)
      }
    }
    json.closeArray()
    json.newline()
    json.object("summary") {
      ListSummary(snapshot: text.snapshot, shown: connections.count).write(to: &$0)
    }
    json.closeObject()
    json.newline()
    try output.write { json.move(to: &$0) }
  }
}

extension TCPState {
  /// Highlights leaks, and dims connections that are closing.
  fileprivate var style: Style? {
    switch self {
    case .closeWait: .yellow
    case .timeWait, .lastAck, .closing, .finWait1, .finWait2: .dim
    default: nil
    }
  }
}
