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
  /// The columns that the selection asks for.
  package let criteria: [ConnectionColumn]

  package init(
    connections: OrderedConnections, text: ConnectionText, columns: [ConnectionColumn]? = nil,
    criteria: [ConnectionColumn] = []
  ) {
    self.connections = connections
    self.text = text
    self.columns = columns
    self.criteria = criteria
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
    text.snapshot.moment.write(to: &json)
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
