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
      for an hour. The kernel's own counters are shown where they differ from the counts.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(
    help: ArgumentHelp(
      "also count by this key, or by several together: process,peer",
      discussion: Grouping.names, valueName: "keys"))
  var by: String?

  @Flag(help: "also show states without sockets, and all of the kernel's counters")
  var all = false

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
    let groupings = try groupings()
    try watch.run({ round in try report(of: predicate, by: groupings, &round) }) {
      report, earlier in
      let text = StatsText(
        report: report, earlier: earlier, isRepeated: watch.watch != nil, showsAll: all,
        explains: explain, limit: limit)
      // The style again in each round, since the terminal may have been resized.
      guard text.isRepeated else { return try output.style.print(text) }
      try output.style.print(repeating: text, isFirst: earlier == nil)
    }
  }

  /// The keys of `--by`, each once.
  private func groupings() throws(CommandFailure) -> [Grouping] {
    var groupings: [Grouping] = []
    for word in by?.split(separator: ",", omittingEmptySubsequences: false) ?? [] {
      guard let grouping = Grouping(rawValue: String(word)) else {
        throw .unknown("key", word, of: "--by", among: Grouping.allCases.map(\.rawValue))
      }
      if !groupings.contains(grouping) { groupings.append(grouping) }
    }
    return groupings
  }

  private func report(
    of predicate: SelectionPredicate, by groupings: [Grouping], _ round: inout WatchOptions.Round
  ) throws -> StatsReport {
    let (system, predicate) = try LiveSystem.prepared(
      source.source, selecting: predicate, netns: selection.netns)
    let request = ScanRequest(
      predicate,
      reading: groupings.reduce(into: []) {
        $0.formUnion($1.details(knowsOwners: system.knowsOwners))
      }, prunesOwners: true,
      past: predicate.needsHistory ? try RunHistory.past(option: nil, of: system) : .unknown)
    let tally: Tally
    var groups: [CombinedGroup]?
    var warnings: [String]
    if !groupings.isEmpty {
      let snapshot = try system.scan(request)
      tally = Tally(snapshot)
      groups = CombinedGroup.groups(
        of: snapshot, by: groupings, names: SystemNumbers(resolvesNames: system.isLive))
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
    return StatsReport(
      tally: tally, groups: groups, groupings: groupings,
      kernel: system.kernelCounters(besides: tally.namespaceGaps),
      wholeStates: Set(TCPState.allCases.filter(predicate.selectsAll)),
      listsBoundSockets: system.isLive && system.moment.listsBoundSockets == true,
      moment: system.moment)
  }
}

extension Grouping {
  /// The words of all keys, for help.
  fileprivate static var names: String {
    // 'joined' would make the runtime search all types on every start.
    var names = ""
    for grouping in allCases {
      names += names.isEmpty ? grouping.rawValue : ", \(grouping.rawValue)"
    }
    return names
  }
}
