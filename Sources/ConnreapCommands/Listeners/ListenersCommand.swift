import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Rendering
import Reports
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

  @OptionGroup var watch: WatchOptions

  @OptionGroup(title: "Output") var output: OutputOptions<TextOrJSON>
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities { .scan(selection, on: source.source) }

  func validate() throws {
    try selection.checkNamespaces(source)
    guard selection.state.isEmpty else {
      throw ValidationError("listeners are in one state: --state does not go with them")
    }
    try watch.check(source)
  }

  func run() throws {
    let predicate = SelectionPredicate.all([
      .term(.states(TCPState.listen.asSet)), try selection.predicate(names: SystemNames()),
    ])
    let style = output.style
    try watch.run({ look in try report(of: predicate, &look) }) { report, earlier in
      try style.print(
        TextOrJSON(
          text: { layout, stream in
            if earlier != nil { try stream.write("\n") }
            try report.print(layout, since: earlier, to: &stream)
          }, json: { report.write(since: earlier, to: &$0) }))
    }
  }

  private func report(
    of predicate: SelectionPredicate, _ look: inout WatchOptions.Look
  ) throws -> ListenersReport {
    let (system, predicate) = try LiveSystem.prepared(
      source.source, selecting: predicate, netns: selection.netns)
    let survey = try system.surveyListeners(
      ScanRequest(predicate, reading: system.knowsOwners ? .owners : []))
    look.warn(
      ListSummary(snapshot: survey.snapshot, shown: 0).warnings + system.namespaces.notices)
    try system.finish()
    look.failure = system.namespaceFailure(survey.snapshot.namespaceGaps)
    return ListenersReport(
      survey, figures: system.acceptFigures(besides: survey.snapshot.namespaceGaps),
      names: SystemNumbers(resolvesNames: system.isLive), time: look.time,
      instant: system.moment.uptime ?? 0)
  }
}
