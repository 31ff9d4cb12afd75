import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Rendering
import Reports
import Scanning
import Selection

/// `connreap stats`: how many connections there are, in which state, and whose.
struct StatsCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", _superCommandName: "connreap",
    abstract: "Counts connections by state, and by process, peer, listener and others.",
    discussion: """
      Without --state it counts sockets in all states. --by counts a connection that several \
      processes hold once, under the one with the lowest pid. Idle are those that have moved no \
      payload for an hour.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(help: ArgumentHelp("also count in groups", valueName: "key")) var by: Grouping?

  @Option(
    help: ArgumentHelp("show at most this many groups", valueName: "n"),
    transform: WholeNumber.read) var limit: Int?

  @Flag(help: "say of each state what many connections in it mean") var explain = false

  @OptionGroup var watch: WatchOptions

  @OptionGroup(title: "Output") var output: OutputOptions<StatsText>
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities { .scan(selection, on: source.source) }

  func validate() throws {
    try selection.checkNamespaces(source)
    if let limit, limit < 1 { throw ValidationError("--limit is a number from 1") }
    guard !explain || output.format == .table else {
      throw ValidationError("--explain goes with -o table")
    }
    try watch.check(source)
  }

  func run() throws {
    let predicate = try selection.predicate(names: SystemNames()).includingBoundSockets()
    let style = output.style
    try watch.run({ look in try report(of: predicate, &look) }) { report, earlier in
      try style.print(
        StatsText(
          report: report, earlier: earlier, tellsChanges: watch.watch != nil, explains: explain,
          limit: limit))
    }
  }

  private func report(
    of predicate: SelectionPredicate, _ look: inout WatchOptions.Look
  ) throws -> StatsReport {
    let (system, predicate) = try LiveSystem.prepared(
      source.source, selecting: predicate, netns: selection.netns)
    let request = ScanRequest(
      predicate, reading: by?.details(knowsOwners: system.knowsOwners) ?? [], prunesOwners: true,
      past: predicate.needsHistory ? try RunHistory.past(option: nil, of: system) : .unknown)
    let tally: Tally
    var groups: [ConnectionGroup]?
    var warnings: [String]
    if let by {
      let snapshot = try system.scan(request)
      tally = Tally(snapshot)
      groups = ConnectionGroup.groups(
        of: snapshot, by: by, names: SystemNumbers(resolvesNames: system.isLive))
      warnings = ListSummary(snapshot: snapshot, shown: 0).warnings
    } else {
      tally = try system.tally(request)
      warnings =
        ListSummary.warnings(undecided: tally.undecided)
        + ListSummary.warnings(tally.namespaceGaps)
    }
    look.warn(
      warnings + system.namespaces.notices
        + (selection.state.isEmpty ? [] : system.boundSocketNotices(predicate)))
    try system.finish()
    look.failure = system.namespaceFailure(tally.namespaceGaps)
    let isAll = [TCPState.established, .closeWait].allSatisfy(predicate.selectsAll)
    return StatsReport(
      tally: tally, groups: groups, grouping: by,
      kernel: system.kernelFigures(besides: tally.namespaceGaps), countsAllEstablished: isAll,
      listsBoundSockets: system.isLive && system.moment.listsBoundSockets == true, time: look.time)
  }
}

extension Grouping: WordChoice {}
