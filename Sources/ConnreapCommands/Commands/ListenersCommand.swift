import ArgumentParser
import Connections
import Privileges
import Scanning
import Selection

/// `connreap listeners`: who accepts connections, and how well.
struct ListenersCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "listeners", _superCommandName: "connreap",
    abstract: "Lists listening sockets: accept queue, backlog, connections, drops.",
    discussion: """
      The fullest accept queue comes first. Overflows and drops are counted by the kernel since the \
      network namespace was made; --watch says how many there are a second now. The options of \
      SELECTION choose among listening sockets.
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(
    help: ArgumentHelp("look again so often, and show rates", valueName: "duration"))
  var watch: String?

  @OptionGroup(title: "Output") var output: OutputOptions
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Set<Capability> { .scan(selection, on: source) }

  func validate() throws {
    try selection.checkNamespaces(source)
    guard selection.state.isEmpty else {
      throw ValidationError("listeners are in one state: --state does not go with them")
    }
    guard [.table, .json].contains(output.output) else {
      throw ValidationError("listeners prints -o table or -o json")
    }
    guard watch == nil || (source.record == nil && source.replay == nil) else {
      throw ValidationError("--watch looks at the running kernel: no --record, no --replay")
    }
  }

  func run() throws {
    let predicate = SelectionPredicate.all([
      .term(.states(TCPState.listen.asSet)), try selection.predicate(names: SystemNames()),
    ])
    var warned: [String] = []
    guard let interval = try WatchInterval.parse(watch) else {
      return try print(report(of: predicate, warned: &warned), since: nil, round: 0)
    }
    var earlier: ListenersReport?
    try Watch(interval: interval).run { round in
      var report = try report(of: predicate, warned: &warned)
      report.time = Timestamp.now
      try print(report, since: earlier, round: round)
      earlier = report
    }
  }

  /// Looks once.
  ///
  /// - Parameter warned: what was said before, and need not be said again.
  private func report(
    of predicate: SelectionPredicate, warned: inout [String]
  ) throws -> ListenersReport {
    let system = try LiveSystem(source).inNamespaces(selection.netns, of: predicate)
    let predicate = predicate.knowing(system.verdicts(of:))
    let survey = try system.surveyListeners(
      ScanRequest(predicate, reading: system.knowsOwners ? .owners : []))
    let warnings =
      ListSummary(snapshot: survey.snapshot, shown: 0).warnings + system.namespaceNotices
    for warning in warnings where !warned.contains(warning) {
      Standard.say("connreap: \(warning)\n")
    }
    warned = warnings
    try system.finish()
    let seesOwn = system.namespaces.contains { $0.namespace.isOwn }
    return ListenersReport(
      survey, figures: seesOwn ? AcceptFigures(system.processes) : AcceptFigures(),
      names: SystemNumbers(resolvesNames: system.isLive), instant: system.moment.uptime ?? 0)
  }

  private func print(
    _ report: ListenersReport, since earlier: ListenersReport?, round: Int
  ) throws {
    let terminal = Terminal.of(Standard.output, columns: Environment.ofProcess["COLUMNS"])
    var stream = OutputStream(Standard.output)
    if output.output == .json {
      var json = JSONWriter()
      report.write(since: earlier, to: &json)
      try stream.write { $0.append(contentsOf: json.take()) }
    } else {
      if round > 0 { try stream.write("\n") }
      let layout = Table.Layout(
        showsHeader: !output.hidesHeader, width: terminal.width,
        colors: output.color.isOn(for: terminal, environment: .ofProcess))
      try report.print(layout, since: earlier, to: &stream)
    }
    try stream.flush()
  }
}
