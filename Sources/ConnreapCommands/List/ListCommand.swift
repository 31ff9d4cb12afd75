import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Rendering
import Scanning
import Selection

/// `connreap list`: connections with their owners and idle times.
struct ListCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", _superCommandName: "connreap",
    abstract: "Lists connections with their owners and idle times.",
    discussion: """
      Without --state, it lists the same sockets as ss without -a: connected ones, except \
      TIME-WAIT and SYN-RECV. Different options are ANDed; repeated options and comma lists are \
      ORed.

      \(FilterHelp.text)
      """,
    aliases: ["ls"])

  @OptionGroup(title: "Selection") var selection: SelectionOptions
  @OptionGroup(title: "Output") var output: OutputOptions<ConnectionList>

  @Option(
    help: ArgumentHelp(
      "sort by this column; add :desc for the largest first", valueName: "column"))
  var sort: String?

  @Option(
    help: ArgumentHelp("list at most this many", valueName: "n"),
    transform: WholeNumber.read)
  var limit: Int?

  @Option(
    help: ArgumentHelp(
      "columns to show, by name", discussion: ConnectionColumn.names, valueName: "columns"))
  var columns: String?

  @Flag(
    help: "list nothing; show which part of the selection the kernel applies")
  var explain = false

  @Option(
    help: ArgumentHelp(
      "directory with the history of 'policy apply', for --age", valueName: "directory"))
  var stateDir: String?

  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities {
    let marks = isShowingMarks ? PrivilegedStep.seeingMarks.needs : []
    return explain
      ? [] : .scan(selection, on: source.source).union(source.replay == nil ? marks : [])
  }

  /// Whether the output may have a column of marks.
  private var isShowingMarks: Bool {
    columns.map { $0.contains(ConnectionColumn.mark.rawValue) }
      ?? (output.format.columns?.contains(.mark) ?? false)
  }

  func validate() throws {
    if explain, source.record != nil {
      throw ValidationError("--explain does not query the kernel: omit --record")
    }
    if explain, output.format != .table, output.format != .json {
      throw ValidationError("--explain requires -o table or -o json")
    }
    try selection.checkNamespaces(source)
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  func run() throws {
    let names = SystemNames()
    let selected = try selection.predicate(names: names).limitedToDefaultStates()
    let named = try ConnectionColumn.list(columns)
    let criteria = selected.columns + (selection.netns.isEmpty ? [] : [.networkNamespace])
    let columns = named ?? output.format.columns.map { $0 + criteria }
    let order = try ConnectionOrder(sort)
    let (system, predicate) = try LiveSystem.prepared(
      source.source, selecting: selected, netns: selection.netns)
    let needsHistory =
      predicate.needsHistory || columns?.contains(.age) == true
      || order.column == .age
    let request = ScanRequest(
      predicate, reading: details(for: columns, order: order, system: system),
      prunesOwners: true,
      past: needsHistory ? try RunHistory.past(option: stateDir, of: system) : .unknown)
    if explain {
      return try output.style.print(ScanExplanation(request: request, at: system.moment))
    }
    let snapshot = try system.scan(request, seeingMarks: isShowingMarks)
    try print(snapshot, columns: named, criteria: criteria, order: order, system: system)
    for notice in system.boundSocketNotices(predicate) { Standard.report("connreap: \(notice)\n") }
    try system.finish()
    try system.checkNamespaces(snapshot.namespaceGaps)
  }

  private func details(
    for columns: [ConnectionColumn]?, order: ConnectionOrder, system: LiveSystem
  ) -> ScanRequest.Details {
    var details: ScanRequest.Details = []
    let needed = columns.map { $0 + [order.column] } ?? ConnectionColumn.allCases
    if needed.contains(where: \.needsFigures) { details.insert(.figures) }
    if needed.contains(.congestion) { details.insert(.congestion) }
    if needed.contains(where: \.needsOwners), system.knowsOwners {
      details.insert(needed.contains(where: \.needsOwnerFacts) ? .owners : .ownerNames)
    }
    if needed.contains(where: \.needsControlGroups) { details.insert(.controlGroups) }
    if needed.contains(.command), system.knowsOwners { details.insert(.commands) }
    // A table that is too wide shortens the local end where a process listens.
    let isTable = output.format == .table || output.format == .wide
    if isTable, output.style.layout.width != nil, needed.contains(.local) {
      details.insert(.listeners)
    }
    return details
  }

  private func print(
    _ snapshot: Snapshot, columns: [ConnectionColumn]?, criteria: [ConnectionColumn],
    order: ConnectionOrder, system: LiveSystem
  ) throws {
    let indices = order.sorted(snapshot)
    let connections = OrderedConnections(
      rows: snapshot.connections, places: indices.prefix(limit ?? indices.count))
    let style = output.style
    try style.print(
      ConnectionList(
        connections: connections,
        text: ConnectionText(
          snapshot: snapshot, names: SystemNumbers(resolvesNames: system.isLive),
          commands: .ofCaller),
        columns: columns, criteria: criteria))
    let summary = ListSummary(snapshot: snapshot, shown: connections.count)
    let isWatched = style.isTerminal || Terminal.of(Standard.error, columns: nil).isTerminal
    if isWatched, style.format == .table || style.format == .wide {
      Standard.report(summary.line + "\n")
    }
    for warning in summary.warnings + system.namespaces.notices {
      Standard.report("connreap: \(warning)\n")
    }
  }
}

extension OutputFormat {
  /// The default columns of the format; nil if it has none.
  fileprivate var columns: [ConnectionColumn]? {
    switch self {
    case .table: ConnectionColumn.table
    case .wide: ConnectionColumn.wide
    case .csv: ConnectionColumn.csv
    case .json, .jsonl: nil
    }
  }
}

extension ConnectionColumn {
  /// The names of all columns, for help and errors.
  static var names: String {
    // 'joined' would make the runtime search all types on every start.
    var names = ""
    for column in allCases { names += names.isEmpty ? column.rawValue : ", \(column.rawValue)" }
    return names
  }

  /// Reads a comma list; nil without one.
  static func list(_ text: String?) throws(CommandFailure) -> [ConnectionColumn]? {
    guard let text else { return nil }
    var columns: [ConnectionColumn] = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      columns.append(try one(name, option: "--columns"))
    }
    return columns
  }

  fileprivate static func one(
    _ name: Substring, option: String
  ) throws(CommandFailure) -> ConnectionColumn {
    if let column = ConnectionColumn(word: name) { return column }
    throw .unknown("column", name, of: option, among: allCases.map(\.rawValue))
  }
}

extension ConnectionOrder {
  /// Reads `--sort`. By default, connections idle the longest come first.
  fileprivate init(_ text: String?) throws(CommandFailure) {
    guard let text else {
      self = .worstFirst
      return
    }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let column = try ConnectionColumn.one(parts[0], option: "--sort")
    let direction = parts.count > 1 ? parts[1] : "asc"
    guard direction == "asc" || direction == "desc" else {
      throw .unknown("order", direction, of: "--sort", among: ["asc", "desc"])
    }
    guard Self.columns.contains(column) else {
      throw CommandFailure(
        .usage, "--sort: cannot sort by \"\(column.rawValue)\"",
        remedy: "sort by " + Self.columns.map(\.rawValue).joined(separator: ", "))
    }
    self.init(column: column, isDescending: direction == "desc")
  }
}
