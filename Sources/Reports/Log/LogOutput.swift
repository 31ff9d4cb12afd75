package import Operations
package import Rendering
package import SystemPackage

/// Prints log records one by one as they are found, or a summary of each run when it ends.
package struct LogOutput: ~Copyable {
  private let style: OutputStyle
  private let zone: LogTime.Zone
  private var stream: OutputStream
  private var count = 0
  /// The runs; nil to print every record.
  package private(set) var runs: RunSummaries?
  /// The day of the last summary.
  private var day: String?

  package init(
    _ style: OutputStyle, to descriptor: FileDescriptor, in zone: LogTime.Zone = .utc,
    summarizing runs: RunSummaries? = nil
  ) {
    self.style = style
    self.zone = zone
    self.runs = runs
    stream = OutputStream(descriptor)
  }

  /// Prints one record, or adds it to the summary of its run.
  package mutating func print(_ record: LogRecord, of search: LogSearch) throws {
    guard runs == nil else {
      switch record {
      case .decision(let decision): runs?.add(decision)
      case .run(let run):
        if let ended = runs?.end(run, isSelected: search.selects(run)) { try print(ended) }
      }
      return
    }
    let record = PrintedLogRecord(record: record, isFirst: count == 0, zone: zone)
    try PrintedLogRecord.printers[style.format](record, style.layout, &stream)
    count += 1
  }

  /// Prints decisions without a result, whose runs have died.
  package mutating func print(unfinished: [LogRecord.Decision], of search: LogSearch) throws {
    guard runs == nil else {
      for ended in runs?.end(dead: unfinished) ?? [] { try print(ended) }
      return
    }
    for decision in unfinished { try print(.decision(decision), of: search) }
  }

  /// Writes what has been printed so far.
  package mutating func flush() throws(OutputProblem) { try stream.flush() }

  /// Prints what follows the last record, with the counts of `search`.
  package mutating func end(_ search: LogSearch) throws {
    for ended in runs?.endAll() ?? [] { try print(ended) }
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

extension LogOutput {
  /// Prints the lines of a run, under the day if that has changed.
  private mutating func print(_ ended: RunSummaries.Ended) throws(OutputProblem) {
    let day = ended.time.dayText(in: zone)
    if day != self.day { try stream.write(day + "\n") }
    self.day = day
    let clock = ended.time.clockText(in: zone)
    for line in ended.lines {
      try stream.write { line.append(at: clock, style.layout, to: &$0) }
    }
  }
}

/// A log record at its place in the output.
package struct PrintedLogRecord: Printable {
  let record: LogRecord
  let isFirst: Bool
  let zone: LogTime.Zone

  package static let printers = Printers<PrintedLogRecord>(
    table: { content, layout, stream in
      try stream.write { content.record.appendLine(layout, content.zone, to: &$0) }
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
    try write(
      "time,result,state,local_address,local_port,peer_address,peer_port,process,pid,user,command,"
        + "policy,reason\n")
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
