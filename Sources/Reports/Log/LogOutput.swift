import Operations
package import Rendering
package import SystemPackage

/// Prints log records one by one as they are found.
package struct LogOutput: ~Copyable {
  private let style: OutputStyle
  private var stream: OutputStream
  private var count = 0

  package init(_ style: OutputStyle, to descriptor: FileDescriptor) {
    self.style = style
    stream = OutputStream(descriptor)
  }

  /// Prints one record.
  package mutating func print(_ record: LogRecord) throws {
    let record = PrintedLogRecord(record: record, isFirst: count == 0)
    try PrintedLogRecord.printers[style.format](record, style.layout, &stream)
    count += 1
  }

  /// Writes what has been printed so far.
  package mutating func flush() throws(OutputProblem) { try stream.flush() }

  /// Prints what follows the last record, with the counts of `search`.
  package mutating func end(_ search: LogSearch) throws {
    if count == 0, style.format == .csv { try stream.writeLogHeader(style.layout) }
    if style.format == .json {
      try stream.writeJSON { json in
        if count == 0 { json.openLog() }
        json.closeArray()
        json.newline()
        json.object("summary") { json in
          for (result, count) in search.counts.sorted(by: { $0.key < $1.key }) {
            json.member(named: result, UInt64(count))
          }
          json.member("undecided", search.undecided)
          json.member("damaged", search.damaged)
        }
        json.closeObject()
        json.endDocument()
      }
    }
    try stream.flush()
  }
}

/// A log record at its place in the output.
package struct PrintedLogRecord: Printable {
  let record: LogRecord
  let isFirst: Bool

  package static let printers = Printers<PrintedLogRecord>(
    table: { content, layout, stream in
      try stream.write { content.record.appendLine(layout, to: &$0) }
    },
    json: { content, _, stream in
      var json = JSONWriter(continuesArray: !content.isFirst)
      if content.isFirst { json.openLog() }
      json.newline()
      json.value(content.record.value)
      try stream.write { $0.append(contentsOf: json.take()) }
    },
    jsonl: { content, _, stream in
      try stream.writeJSON { json in
        json.value(content.record.value)
        json.endDocument()
      }
    },
    csv: { content, layout, stream in
      if content.isFirst { try stream.writeLogHeader(layout) }
      try stream.write { CSVText.appendLine(content.record.fields, to: &$0) }
    })
}

extension OutputStream {
  /// Writes the heading of the log as CSV.
  fileprivate mutating func writeLogHeader(_ layout: Table.Layout) throws(OutputProblem) {
    guard layout.showsHeader else { return }
    try write("time,result,state,local,peer,process,pid,user,command,policy,reason\n")
  }
}

extension JSONWriter {
  /// Opens the document that holds the log.
  fileprivate mutating func openLog() {
    openObject()
    member("time", Timestamp.now)
    member("host", Uname.hostName)
    openArray("records")
  }
}
