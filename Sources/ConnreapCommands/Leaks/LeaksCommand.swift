import ArgumentParser
import Connections
import Operations
import Presentation
import Privileges
import Rendering
import Reports
import Scanning
import Selection

/// `connreap leaks`: the programs that leak connections, and what to do.
struct LeaksCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaks", _superCommandName: "connreap",
    abstract: "Shows which programs leak connections, how fast, and what to do.",
    discussion: """
      A connection counts as leaked if its peer has closed it, the program has not (CLOSE-WAIT), \
      and it has been idle for --leaked-after. All network namespaces that may be entered are \
      searched. The worst program comes first, with the commands that close its leaked \
      connections. The exit code is 0 with or without leaks; see --exit-code.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(
    help: ArgumentHelp(
      "count a connection as leaked after this long in CLOSE-WAIT", valueName: "duration"))
  var leakedAfter = DurationArgument(argument: "1m")

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp("look twice, this far apart, and measure the growth", valueName: "duration"))
  var observation: DurationArgument?

  @Option(
    help: ArgumentHelp("count by this key", valueName: "key"))
  var by = LeakGrouping(.program)

  @Flag(help: "exit with code 1 if there are leaks") var exitCode = false

  @Option(
    help: ArgumentHelp("directory of the history", valueName: "directory"))
  var stateDir: String?

  @OptionGroup(title: "Output") var output: OutputOptions<LeaksText>
  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities {
    guard source.replay == nil else { return [] }
    return Capabilities.scan(selection, on: source.source)
      .union(PrivilegedStep.enteringNamespace.needs)
  }

  func validate() throws {
    try selection.checkNamespaces(source)
    guard observation == nil || source.replay == nil else {
      throw ValidationError("--for needs the running kernel: omit --replay")
    }
  }

  func run() throws {
    // As a criterion, it would leave out connections in CLOSE-WAIT.
    var criteria = selection
    criteria.idle = []
    let rule = LeakRule(
      leakedAfter: try leakedAfter.leakLimit(), idle: try idle())
    let interval = try (observation?.interval(of: "--for"))
      .map { Duration.milliseconds(Int64($0)) }
    let examined = try LeaksExamination.prepared(
      source.source, selecting: try criteria.predicate(names: SystemNames()),
      netns: selection.netns, stateDir: stateDir, rule: rule, by: by.grouping)
    let report = try examined.report(after: interval)
    // The advice for a recording must not depend on this machine.
    let advice = examined.system.isLive ? LeakAdvice.here : LeakAdvice.general
    try output.style.print(LeaksText(report, advice: advice))
    for notice in examined.notices(about: report) { Standard.report("connreap: \(notice)\n") }
    try examined.system.finish()
    if !selection.netns.isEmpty {
      try examined.system.checkNamespaces(report.snapshot.namespaceGaps)
    }
    if exitCode, !report.search.groups.isEmpty { throw CommandFailure.silent(.failed) }
  }

  /// The shortest idle time in `--idle`, in milliseconds; nil without the option.
  private func idle() throws -> UInt64? {
    guard !selection.idle.isEmpty else { return nil }
    let names = SystemNames()
    let predicate = try SelectionVocabulary.parse(
      options: [(.idle, selection.idle)], names: names)
    return predicate.shortestIdle
  }
}

/// The value of `leaks --by`.
struct LeakGrouping: ExpressibleByArgument {
  let grouping: Grouping

  init(_ grouping: Grouping) { self.grouping = grouping }

  init?(argument: String) {
    guard let grouping = Grouping(rawValue: argument), LeakSearch.groupings.contains(grouping)
    else { return nil }
    self.grouping = grouping
  }

  var defaultValueDescription: String { grouping.rawValue }

  static var allValueStrings: [String] { LeakSearch.groupings.map(\.rawValue) }

  static var allValueDescriptions: [String: String] { [:] }
}
