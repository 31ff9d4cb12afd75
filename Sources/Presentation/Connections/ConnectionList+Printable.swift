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
}
