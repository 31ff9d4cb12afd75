import Connections
import Operations
package import Rendering
import Screens
package import SystemPackage

/// Prints decisions of the log, one after the other as they are found.
package struct LogOutput: ~Copyable {
  private let format: LogFormat
  private let showsHeader: Bool
  /// The width of the terminal; nil for none.
  private let width: Int?
  private let colors: Bool
  private var stream: OutputStream
  private var count = 0

  package init(
    _ format: LogFormat, showsHeader: Bool, width: Int?, colors: Bool,
    to descriptor: FileDescriptor
  ) {
    self.format = format
    self.showsHeader = showsHeader
    self.width = width
    self.colors = colors
    stream = OutputStream(descriptor)
  }

  private static let columns = [
    "time", "result", "state", "local", "peer", "process", "pid", "user", "command", "policy",
    "reason",
  ]

  package mutating func print(_ found: LogSearch.Found) throws(OutputProblem) {
    defer { count += 1 }
    switch format {
    case .table:
      let (colors, width) = (colors, width)
      try stream.write { Self.line(found, colors: colors, width: width, to: &$0) }
    case .csv:
      if count == 0 { try writeHeader() }
      try stream.write { Self.append(Self.fields(found), to: &$0) }
    case .jsonl, .json: try print(Self.value(found))
    }
  }

  /// Prints one record as JSON.
  private mutating func print(_ record: JSONValue) throws(OutputProblem) {
    var json = JSONWriter(continuesArray: format == .json && count > 0)
    if format == .json {
      if count == 0 { Self.open(&json) }
      json.newline()
      json.element(record)
    } else {
      json.element(record)
      json.endDocument()
    }
    try stream.write { $0.append(contentsOf: json.take()) }
  }

  package mutating func print(_ run: RunEntry) throws(OutputProblem) {
    defer { count += 1 }
    switch format {
    case .table:
      let (colors, width) = (colors, width)
      try stream.write { Self.line(run, colors: colors, width: width, to: &$0) }
    case .csv:
      if count == 0 { try writeHeader() }
      try stream.write { Self.append(Self.fields(run), to: &$0) }
    case .jsonl, .json: try print(run.value)
    }
  }

  /// Writes what has been printed so far.
  package mutating func flush() throws(OutputProblem) { try stream.flush() }

  /// Ends what has an end, with the counts of `search`.
  package mutating func end(_ search: LogSearch) throws(OutputProblem) {
    if format == .csv, count == 0 { try writeHeader() }
    if format == .json {
      var json = JSONWriter()
      if count == 0 { Self.open(&json) }
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
      try stream.write { $0.append(contentsOf: json.take()) }
    }
    try stream.flush()
  }

  private static func open(_ json: inout JSONWriter) {
    json.openObject()
    json.openArray("records")
  }

  private mutating func writeHeader() throws(OutputProblem) {
    guard showsHeader else { return }
    try stream.write(Self.columns.joined(separator: ",") + "\n")
  }

  /// What the line says, with the result in the place of the event where there is none.
  private static func value(_ found: LogSearch.Found) -> JSONValue {
    guard found.result == LogSearch.unfinished, case .object(var members) = found.entry.value,
      let index = members.firstIndex(where: { $0.name == "event" })
    else { return found.entry.value }
    members[index].value = .string(found.result)
    members.removeAll { $0.name == "reason" }
    members.insert(("reason", .string(found.reason ?? "")), at: index + 1)
    return .object(members)
  }

  /// `2026-11-21 05:42:50.123Z  closed  127.0.0.1:80 → 127.0.0.1:50000  CLOSE-WAIT  java[1744]  …`
  private static func line(
    _ found: LogSearch.Found, colors: Bool, width: Int?, to line: inout [UInt8]
  ) {
    let entry = found.entry
    start(entry.time, found.result, style(found.result), colors: colors, &line)
    let state = entry.connection.state.label
    var rest = owners(of: entry).map { [$0] } ?? []
    rest.append(origin(of: entry))
    if let reason = found.reason { rest.append(reason) }
    let text = rest.map(EscapedText.escaped).joined(separator: "  ")
    var ends: [UInt8] = []
    EscapedText.append(entry.text(of: .local), to: &ends)
    ends.append(contentsOf: " → ".utf8)
    EscapedText.append(entry.text(of: .peer), to: &ends)
    let room = width.map { $0 - startWidth - 2 - state.utf8.count } ?? 1 << 20
    if let width, room < fewestForEnds {
      removeBlanks(&line)
      return appendBelow(
        String(decoding: ends, as: UTF8.self) + "  \(state)  " + text, width, to: &line)
    }
    let used = CellCut.bothEnds.cut(&ends, from: 0, to: room)
    line.append(contentsOf: ends)
    let padding = max(2, min(36 - used, room - used + 2))
    line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding))
    line.append(contentsOf: state.utf8)
    if let width, startWidth + used + padding + 12 + EscapedText.width(of: text.utf8) > width {
      return appendBelow(text, width, to: &line)
    }
    pad(state.utf8.count, to: 12, &line)
    line.append(contentsOf: text.utf8)
    line.append(UInt8(ascii: "\n"))
  }

  /// With fewer columns than that, both ends stand below: a port and an IPv4 address with its port.
  private static let fewestForEnds = 30

  /// `2026-11-21 05:42:50.123Z  run         policy apply: found 646; refused: …; exit code 2`.
  private static func line(
    _ run: RunEntry, colors: Bool, width: Int?, to line: inout [UInt8]
  ) {
    start(run.time, RunRecord.event, run.exit == 0 ? .dim : .red, colors: colors, &line)
    let text = EscapedText.escaped(run.text)
    if let width, startWidth + EscapedText.width(of: text.utf8) > width {
      removeBlanks(&line)
      return appendBelow(text, width, to: &line)
    }
    line.append(contentsOf: text.utf8)
    line.append(UInt8(ascii: "\n"))
  }

  /// The columns that the time and the result take.
  private static let startWidth = 38

  private static func removeBlanks(_ line: inout [UInt8]) {
    while line.last == UInt8(ascii: " ") { line.removeLast() }
  }

  /// Ends the line, and appends `text` in lines of its own, broken between words.
  private static func appendBelow(_ text: String, _ width: Int, to line: inout [UInt8]) {
    line.append(UInt8(ascii: "\n"))
    for part in ScreenLine.wrapped(text, to: width - 4) {
      line.append(contentsOf: "    \(part.text)\n".utf8)
    }
  }

  /// The time and the result.
  private static func start(
    _ time: LogTime, _ result: String, _ style: Style?, colors: Bool, _ line: inout [UInt8]
  ) {
    line.append(contentsOf: time.text.replacing("T", with: " ").utf8)
    line.append(contentsOf: "  ".utf8)
    Style.append(style, isOn: colors, to: &line) { EscapedText.append(result, to: &$0) }
    pad(result.utf8.count, to: 12, &line)
  }

  private static func pad(_ width: Int, to wanted: Int, _ line: inout [UInt8]) {
    line.append(contentsOf: repeatElement(UInt8(ascii: " "), count: max(2, wanted - width)))
  }

  /// `java[1744], and 2 more`, as it was written down; nil when nobody was known to hold it.
  package static func owners(of entry: AuditEntry) -> String? {
    guard let first = entry.processes.first else { return nil }
    let others = entry.processes.count - 1
    return "\(first.name ?? "?")[\(first.pid)]" + (others > 0 ? ", and \(others) more" : "")
  }

  /// `policy java-leaks`, or `kill --port 80` and who said so.
  package static func origin(of entry: AuditEntry) -> String {
    if let policy = entry.policy { return "policy \(policy)" }
    let words = entry.value["selection"]?.text.map { " \($0)" } ?? ""
    let who = entry.value["invoked_by"]?.text.map { " (by \($0))" } ?? ""
    return entry.command + words + who
  }

  private static func fields(_ found: LogSearch.Found) -> [String] {
    let entry = found.entry
    return [
      entry.time.text, found.result, entry.connection.state.name,
      entry.text(of: .local), entry.text(of: .peer),
      entry.processes.map { ($0.name ?? "?").text }.joined(separator: " "),
      entry.processes.map { "\($0.pid)" }.joined(separator: " "),
      entry.value["connection"]?["user"]?.text ?? "", entry.command, entry.policy ?? "",
      found.reason ?? "",
    ]
  }

  private static func fields(_ run: RunEntry) -> [String] {
    [run.time.text, RunRecord.event] + [String](repeating: "", count: 6)
      + [run.command, run.policies.joined(separator: " "), run.text]
  }

  private static func append(_ fields: [String], to line: inout [UInt8]) {
    for (index, field) in fields.enumerated() {
      if index > 0 { line.append(UInt8(ascii: ",")) }
      CSVText.append(field, to: &line)
    }
    line.append(UInt8(ascii: "\n"))
  }

  private static func style(_ result: String) -> Style? {
    switch result {
    case "closed": .green
    case "gone", "spared": .dim
    default: .red
    }
  }
}
