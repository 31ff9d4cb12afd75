import Connections
package import Operations
package import Presentation
package import Rendering
package import Scanning

/// The listening sockets at one moment.
package struct ListenersReport {
  package let text: ConnectionText
  package let lines: [ListenerLine]
  /// Sums over all network namespaces.
  package let figures: AcceptFigures
  /// The network namespaces that ``figures`` covers.
  private let counted: Set<ScannedNamespace>
  /// Whether reports repeat, so that each shows its time.
  package let showsTime: Bool
  /// A clock reading for rates, in milliseconds.
  package let instant: UInt64

  /// - Parameter figures: the kernel's counters in each network namespace.
  package init(
    _ survey: ListenerSurvey, figures: [ScannedNamespace: AcceptFigures], names: SystemNumbers,
    showsTime: Bool = false, instant: UInt64
  ) {
    let snapshot = survey.snapshot
    text = ConnectionText(snapshot: snapshot, names: names)
    self.figures = AcceptFigures(sumOf: figures.values)
    counted = Set(figures.keys)
    self.showsTime = showsTime
    self.instant = instant
    lines = snapshot.connections.map { socket in
      ListenerLine(
        socket: socket, connections: survey.connections(of: socket),
        sharers: survey.sharers(of: socket),
        longestBacklog: figures[snapshot.namespace(of: socket)]?.longestBacklog)
    }.sorted(by: ListenerLine.comesBefore)
  }

  /// The growth of a counter per second since `earlier`; nil if that covers other namespaces.
  package func rate(
    of counter: KeyPath<AcceptFigures, Int64?>, since earlier: ListenersReport?
  ) -> Double? {
    guard let earlier, instant > earlier.instant, counted == earlier.counted,
      let now = figures[keyPath: counter],
      let before = earlier.figures[keyPath: counter], now >= before
    else { return nil }
    return Double(now - before) * 1000 / Double(instant - earlier.instant)
  }

  // MARK: - JSON

  /// Writes one JSON document on one line.
  package func write(since earlier: ListenersReport?, to json: inout JSONWriter) {
    let rows = ConnectionJSON(text: text)
    json.object { json in
      text.snapshot.moment.write(to: &json)
      json.array("listeners") { json in
        for line in lines { write(line, rows, to: &json) }
      }
      figures.write(to: &json)
      if earlier != nil {
        json.member("overflows_per_second", rate(of: \.overflows, since: earlier))
        json.member("drops_per_second", rate(of: \.drops, since: earlier))
      }
      json.member("undecided", text.snapshot.undecided)
      json.member("unreadable_namespaces", text.snapshot.namespaceGaps.count)
    }
    json.endDocument()
  }

  private func write(_ line: ListenerLine, _ rows: ConnectionJSON, to json: inout JSONWriter) {
    let socket = line.socket
    json.object { json in
      json.member("netns", text.snapshot.networkNamespace(of: socket))
      json.member("family", socket.identity.family.name)
      rows.writeFamilies(of: socket, to: &json)
      rows.write("local", socket.local, to: &json)
      json.member("interface", text.interface(of: socket))
      json.member("accept_queue", line.waiting)
      json.member("backlog", line.backlog)
      json.member("full", line.isFull)
      json.member("limited_by", line.limit?.rawValue)
      json.member("syn_queue", line.synQueue.map(UInt64.init))
      json.member("sharing", line.sharers)
      json.member("inode", socket.inode)
      json.member("cookie", "\(socket.cookie)")
      rows.writeOwners(of: socket, to: &json)
      guard let connections = line.connections else { return json.null("connections") }
      json.object("connections") { json in
        json.member("total", connections.total)
        for state in TCPState.lifecycleOrder where state != .listen && state != .closed {
          json.member(named: state.name, UInt64(connections[state]))
        }
      }
    }
  }

  // MARK: - Table

  package func print(
    _ layout: Table.Layout, since earlier: ListenersReport?, to output: inout OutputStream
  ) throws(OutputProblem) {
    if showsTime, let time = text.snapshot.moment.time { try output.write("\(time)\n") }
    if lines.isEmpty {
      try output.write("No listening sockets found.\n")
    } else {
      let whole = table(showsLimits: true)
      let widths = whole.measuredWidths(for: layout)
      if whole.isTooWide(widths.widest, for: layout) {
        try table(showsLimits: false).print(layout, to: &output)
        try printLimits(layout.width, to: &output)
      } else {
        try whole.print(layout, widths: widths, to: &output)
      }
    }
    try output.writeParagraphs(summary(since: earlier), width: layout.width)
    if showsSynQueue { try output.writeParagraphs(synQueueText, width: layout.width) }
  }

  private var showsSynQueue: Bool { lines.contains { ($0.synQueue ?? 0) > 0 } }

  /// What limits a SYN queue (`tcp_conn_request`). Without cookies, two settings do.
  private var synQueueText: String {
    let longest = figures.longestSynQueue.map { Count.text(Int($0)) } ?? "unknown"
    return switch figures.synCookies {
    case 0?:
      "A SYN queue holds at most the backlog and at most \(longest) (tcp_max_syn_backlog); further "
        + "requests are dropped because tcp_syncookies is 0"
    case let cookies?:
      "A SYN queue holds at most the backlog; further requests are answered with cookies because "
        + "tcp_syncookies is \(cookies) (otherwise tcp_max_syn_backlog, \(longest), would apply too)"
    case nil: "The limit of SYN queues is unknown: cannot read net.ipv4.tcp_syncookies"
    }
  }

  private static let unknown = "–"
  private static let barWidth = 10

  /// Prints the limits below a table that has no room for them.
  private func printLimits(
    _ width: Int?, to output: inout OutputStream
  ) throws(OutputProblem) {
    let limited = lines.filter { !Self.limit($0).isEmpty }
    for line in limited.prefix(Self.maximumLimits) {
      try output.writeParagraphs(
        "\(cell(.local, line)) is limited by \(Self.limit(line))", width: width)
    }
    if limited.count > Self.maximumLimits {
      try output.write("\(Count.text(limited.count - Self.maximumLimits)) more are nearly full\n")
    }
  }

  private static let maximumLimits = 5

  private func table(showsLimits: Bool) -> Table {
    let showsNamespace = text.snapshot.namespaces.count > 1
    var columns = [
      Table.Column(title: "LOCAL", minimumWidth: 21, cut: .peer),
      Table.Column(title: "PROCESS", minimumWidth: 16, cut: .owner),
      Table.Column(title: "ACCEPT-QUEUE"), Table.Column(title: "CONNECTIONS", minimumWidth: 12),
    ]
    let limits = lines.map(Self.limit)
    let showsLimits = showsLimits && limits.contains { !$0.isEmpty }
    if showsLimits { columns.append(Table.Column(title: "LIMITED-BY")) }
    if showsSynQueue {
      columns.insert(Table.Column(title: "SYN-QUEUE", alignment: .right), at: 3)
    }
    if showsNamespace { columns.insert(Table.Column(title: "NETNS"), at: 0) }
    let queues = lines.map { "\($0.waiting)/\($0.backlog)" }
    let widest = queues.map(\.utf8.count).max() ?? 0
    let rows = lines.enumerated().map { index, line in
      var cells = [
        cell(.local, line), cell(.process, line),
        String(repeating: " ", count: widest - queues[index].utf8.count) + queues[index]
          + Self.bar(line),
        Self.connections(line),
      ]
      if showsLimits { cells.append(limits[index]) }
      if showsSynQueue { cells.insert(line.synQueue.map(Count.text) ?? Self.unknown, at: 3) }
      if showsNamespace { cells.insert(cell(.networkNamespace, line), at: 0) }
      return cells
    }
    let styles = lines.map { line -> Style? in
      line.isFull ? .red : line.load >= Self.busy ? .yellow : nil
    }
    return Table(
      columns: columns, rowCount: rows.count,
      cell: { row, column, text in text.append(contentsOf: rows[row][column].utf8) },
      style: { row, column in column == 0 ? styles[row] : nil })
  }

  /// The load from which the limit of a queue is shown.
  private static let busy = 0.5

  private func cell(_ column: ConnectionColumn, _ line: ListenerLine) -> String {
    var cell: [UInt8] = []
    text.append(column, of: line.socket, to: &cell)
    return String(decoding: cell, as: UTF8.self)
  }

  private static func bar(_ line: ListenerLine) -> String {
    let bar = Bar.text(line.waiting, of: max(line.backlog, 1), width: barWidth)
    return (bar.isEmpty ? "" : " " + bar) + (line.isFull ? " full" : "")
  }

  /// `402 (312 CLOSE-WAIT)`, with the states that matter.
  private static func connections(_ line: ListenerLine) -> String {
    guard let connections = line.connections else { return unknown }
    var notes = [TCPState.closeWait, .timeWait].filter { connections[$0] > 0 }
      .map { "\(Count.text(connections[$0])) \($0.label)" }
    if line.sharers > 1 { notes.append("shared by \(line.sharers) sockets") }
    return Count.text(connections.total)
      + (notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))")
  }

  private static func limit(_ line: ListenerLine) -> String {
    line.isFull || line.load >= busy ? line.limitText ?? unknown : ""
  }

  /// `Overflows 1,204 (12/s now), drops 1,204: *:8080 is dropping connections.`
  private func summary(since earlier: ListenersReport?) -> String {
    func count(
      _ name: String, _ counter: KeyPath<AcceptFigures, Int64?>
    ) -> String {
      guard let value = figures[keyPath: counter] else { return "\(name) unknown" }
      let rate = rate(of: counter, since: earlier).map { " (\(Self.text(of: $0))/s now)" }
      return "\(name) \(Count.text(Int(value)))" + (rate ?? "")
    }
    var line = count("Overflows", \.overflows) + ", " + count("drops", \.drops)
    if let drops = figures.synQueueDrops, drops > 0 {
      line += ", " + count("SYN queue drops", \.synQueueDrops)
    }
    let full = lines.filter(\.isFull)
    guard !full.isEmpty else { return line }
    let names = full.prefix(3).map { cell(.local, $0) }.joined(separator: ", ")
    let others = full.count > 3 ? " and \(Count.text(full.count - 3)) more" : ""
    let resets = figures.abortsOnOverflow == true
    return line
      + ": \(names)\(others) \(full.count == 1 ? "is" : "are") "
      + (resets ? "resetting" : "dropping") + " connections"
      + (resets ? " (tcp_abort_on_overflow is 1)." : ".")
  }

  private static func text(of rate: Double) -> String {
    rate < 10 && rate > 0 ? "\((rate * 10).rounded() / 10)" : Count.text(Int(rate.rounded()))
  }
}
