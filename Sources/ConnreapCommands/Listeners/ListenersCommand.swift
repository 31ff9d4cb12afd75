import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Rendering
import Reports
import Scanning
import Selection

/// `connreap listeners`: listening sockets and their accept queues.
struct ListenersCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "listeners", _superCommandName: "connreap",
    abstract: "Lists listening sockets: accept queue, backlog, connections, drops.",
    discussion: """
      The fullest accept queue comes first. The kernel counts overflows and drops since the \
      creation of the network namespace; --watch shows their current rate per second. Selection \
      options apply to the listening sockets.
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @OptionGroup var watch: WatchOptions

  @OptionGroup(title: "Output") var output: OutputOptions<TextOrJSON>
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities { .scan(selection, on: source.source) }

  func validate() throws {
    try selection.checkNamespaces(source)
    guard selection.state.isEmpty else {
      throw ValidationError("all listeners are in the same state: omit --state")
    }
    try watch.check(source)
  }

  func run() throws {
    let predicate = SelectionPredicate.all([
      .term(.states(TCPState.listen.asSet)), try selection.predicate(names: SystemNames()),
    ])
    try watch.run({ round in try report(of: predicate, &round) }) { report, earlier in
      // Again in each round, since the terminal may have been resized.
      let content = TextOrJSON(
        text: { layout, stream in
          try report.print(layout, since: earlier?.previous, to: &stream)
        }, json: { report.write(since: earlier?.previous, to: &$0) })
      guard watch.watch != nil else { return try output.style.print(content) }
      try output.style.print(repeating: content, isFirst: earlier == nil)
    }
  }

  private func report(
    of predicate: SelectionPredicate, _ round: inout WatchOptions.Round
  ) throws -> ListenersReport {
    let (system, predicate) = try LiveSystem.prepared(
      source.source, selecting: predicate, netns: selection.netns)
    let survey = try system.surveyListeners(
      ScanRequest(predicate, reading: system.knowsOwners ? .owners : []))
    round.warn(
      ListSummary(snapshot: survey.snapshot, shown: 0).warnings + system.namespaces.notices)
    try system.finish()
    round.failure = system.namespaceFailure(survey.snapshot.namespaceGaps)
    return ListenersReport(
      survey, figures: system.acceptFigures(besides: survey.snapshot.namespaceGaps),
      names: SystemNumbers(resolvesNames: system.isLive), showsTime: round.isRepeated,
      instant: system.moment.uptime ?? 0)
  }
}
