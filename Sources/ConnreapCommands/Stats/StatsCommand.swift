import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Rendering
import Reports
import Scanning
import Selection

/// `connreap stats`: counts of connections by state and by group.
struct StatsCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", _superCommandName: "connreap",
    abstract: "Counts connections by state, process, peer, listener and more.",
    discussion: """
      Without --state, it counts sockets in all states. --by counts a connection that several \
      processes hold once, under the lowest pid. A connection is idle if it has moved no payload \
      for an hour.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(help: ArgumentHelp("also count by this key", valueName: "key")) var by: Grouping?

  @Option(
    help: ArgumentHelp("show at most this many groups", valueName: "n"),
    transform: WholeNumber.read) var limit: Int?

  @Flag(help: "explain what many connections in each state mean") var explain = false

  @OptionGroup var watch: WatchOptions

  @OptionGroup(title: "Output") var output: OutputOptions<StatsText>
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities { .scan(selection, on: source.source) }

  func validate() throws {
    try selection.checkNamespaces(source)
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
    guard !explain || output.format == .table else {
      throw ValidationError("--explain requires -o table")
    }
    try watch.check(source)
  }

  func run() throws {
    let predicate = try selection.predicate(names: SystemNames()).includingBoundSockets()
    try watch.run({ round in try report(of: predicate, &round) }) { report, earlier in
      // Again in each round, since the terminal may have been resized.
      try output.style.print(
        StatsText(
          report: report, earlier: earlier, showsChanges: watch.watch != nil, explains: explain,
          limit: limit))
    }
  }

  private func report(
    of predicate: SelectionPredicate, _ round: inout WatchOptions.Round
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
    round.warn(
      warnings + system.namespaces.notices
        + (selection.state.isEmpty ? [] : system.boundSocketNotices(predicate)))
    try system.finish()
    round.failure = system.namespaceFailure(tally.namespaceGaps)
    let isAll = [TCPState.established, .closeWait].allSatisfy(predicate.selectsAll)
    return StatsReport(
      tally: tally, groups: groups, grouping: by,
      kernel: system.kernelCounters(besides: tally.namespaceGaps), countsAllEstablished: isAll,
      listsBoundSockets: system.isLive && system.moment.listsBoundSockets == true,
      moment: system.moment, isRepeated: round.isRepeated)
  }
}

extension Grouping: WordChoice {}
