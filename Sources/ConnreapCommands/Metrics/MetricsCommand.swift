import ArgumentParser
import Connections
import LiveView
import Operations
import Presentation
import Privileges
import Rendering
import Reports
import Scanning
import Selection
import SystemPackage

/// `connreap metrics`: metrics for Prometheus.
struct MetricsCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "metrics", _superCommandName: "connreap",
    abstract: "Prints metrics in the Prometheus text format.",
    discussion: """
      From cron, for the textfile collector of node_exporter:

        * * * * * root connreap metrics --textfile /var/lib/prometheus/node-exporter/connreap.prom

      The file is replaced atomically. If something fails, it stays unchanged, and its age shows \
      that (node_textfile_mtime_seconds). It keeps its owner and mode; a new file is world-readable.
      """)

  @Option(
    help: ArgumentHelp("write to this file instead of standard output", valueName: "file"))
  var textfile: String?

  @Option(
    help: ArgumentHelp(
      "processes, units and containers listed separately (default: 20)", valueName: "n"),
    transform: WholeNumber.read)
  var top = 20

  @Option(
    parsing: .unconditionalSingleValue,
    help: ArgumentHelp("\(SelectionKey.netns.help)", valueName: SelectionKey.netns.valueName))
  var netns: [String] = []

  @Option(help: ArgumentHelp("directory of the audit log and the history", valueName: "directory"))
  var stateDir: String?

  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities {
    var needs: Capabilities = source.replay == nil ? .owners : []
    if !netns.isEmpty { needs.formUnion(PrivilegedStep.enteringNamespace.needs) }
    if source.record != nil { needs.formUnion(.dacOverride) }
    if textfile != nil { needs.formUnion(.replacingFiles) }
    return needs
  }

  func validate() throws {
    try SelectionOptions.checkNamespaces(netns, source)
    guard top >= 0 else { throw ValidationError("--top must not be negative") }
  }

  func run() throws {
    // The text format of Prometheus is UTF-8.
    OutputCharacters.keepNames()
    let output = try FileContents.output(textfile ?? "-", "--textfile")
    let (system, _) = try LiveSystem.prepared(source.source, netns: netns)
    let clock = ContinuousClock()
    let start = clock.now
    let snapshot = try system.scan(
      ScanRequest(
        .everything,
        reading: system.knowsOwners ? [.figures, .ownerNames, .controlGroups] : .figures))
    let seconds = (clock.now - start) / .seconds(1)
    let past = system.isLive ? RunHistory.remembered(option: stateDir, of: system) : .nothing
    if case .unknown(let problem) = past { Standard.report("connreap: \(problem)\n") }
    let warnings = ListSummary(snapshot: snapshot, shown: 0).namespaceWarnings
    for warning in warnings + system.namespaces.notices {
      Standard.report("connreap: \(warning)\n")
    }
    let report = MetricsReport(
      snapshot: snapshot, totals: totals(), past: past, scanSeconds: seconds, maximumProcesses: top,
      names: SystemNumbers(resolvesNames: system.isLive))
    try FileContents.write(
      Array(report.text.utf8), to: output, "--textfile",
      permissions: [.ownerReadWrite, .groupRead, .otherRead], keepsOwner: true)
    try system.finish()
    try system.checkNamespaces(snapshot.namespaceGaps)
  }

  /// The totals of the audit log. If it is unreadable, print a notice and leave them out.
  private func totals() -> AuditTotals? {
    do throws(CommandFailure) {
      return try AuditTotals(in: StateAccess.location(option: stateDir))
    } catch {
      Standard.report(error.text)
      return nil
    }
  }
}
