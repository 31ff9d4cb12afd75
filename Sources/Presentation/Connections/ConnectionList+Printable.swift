package import Rendering
import Scanning

extension ConnectionList: Printable {
  package static let printers = Printers<ConnectionList>(
    table: { list, layout, stream in
      try list.printTable(orOf: ConnectionColumn.table, layout, to: &stream)
    },
    wide: { list, layout, stream in
      try list.printTable(orOf: ConnectionColumn.wide, layout, to: &stream)
    },
    json: { list, _, stream in try list.printJSON(to: &stream) },
    jsonl: { list, _, stream in try list.printJSONLines(to: &stream) },
    csv: { list, layout, stream in
      try list.printCSV(
        list.columns ?? ConnectionColumn.csv, showsHeader: layout.showsHeader, to: &stream)
    })

  /// Prints a table of the columns that were named, or else of `defaults` that fit.
  private func printTable(
    orOf defaults: [ConnectionColumn], _ layout: Table.Layout, to stream: inout OutputStream
  ) throws(OutputProblem) {
    guard !connections.isEmpty else { return }
    if let columns { return try printTable(columns, layout, to: &stream) }
    var shown = defaults
    if text.snapshot.namespaces.count > 1 { shown.insert(.networkNamespace, at: 0) }
    if text.snapshot.hasHistory, let index = shown.firstIndex(of: .inState) {
      shown.insert(.age, at: index + 1)
    }
    if layout.width != nil { shown = withoutEmptyColumns(shown) }
    try printTable(shown, layout, isFree: true, to: &stream)
  }
}
