import ArgumentParser
import Operations
import Privileges
import Rendering
import Reports
import Selection
import StateFiles
import SystemPackage

/// `connreap report`: an HTML status report.
struct ReportCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", _superCommandName: "connreap",
    abstract: "Writes an HTML status report: leaks, queues, policies, health.",
    discussion: """
      The page is self-contained: it loads nothing and runs no scripts, so it can be mailed and \
      printed. The file is replaced atomically. If something fails, it stays unchanged. It keeps \
      its owner and mode; a new file is readable only by its owner, since it shows who talks to \
      whom.

      It covers sockets in all states. A connection counts as leaked if its peer has closed it, \
      the program has not (CLOSE-WAIT), and it has been idle for --leaked-after.

      \(FilterHelp.text)
      """)

  @Option(help: ArgumentHelp("write to this file; - is standard output", valueName: "file"))
  var html: String

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(
    help: ArgumentHelp(
      "count a connection as leaked after this long in CLOSE-WAIT", valueName: "duration"))
  var leakedAfter = DurationArgument(argument: "1m")

  @Option(
    help: ArgumentHelp("directory of the audit log and the history", valueName: "directory"))
  var stateDir: String?

  @OptionGroup(title: "Source") var source: SourceOptions

  var needs: Capabilities {
    let writes: Capabilities = html == "-" ? [] : .replacingFiles
    guard source.replay == nil else { return writes }
    return Capabilities.scan(selection, on: source.source).union(PrivilegedStep.allNeeds).union(
      writes)
  }

  func validate() throws {
    try selection.checkNamespaces(source)
    guard !html.isEmpty else { throw ValidationError("--html needs a file name") }
  }

  func run() throws {
    // The page declares its encoding.
    OutputCharacters.keepNames()
    let selected = try selection.predicate(names: SystemNames())
    let limit = try leakedAfter.leakLimit()
    let output = try FileContents.output(html, "--html")
    let (system, predicate) = try LiveSystem.prepared(
      source.source, selecting: selected, netns: selection.netns)
    let contents = try ReportGathering(
      system: system, predicate: predicate, selectsEverything: selection.isEmpty,
      words: selection.words, leakLimit: limit, stateDir: stateDir
    ).contents()
    let page = ReportPage(contents).bytes
    try system.finish()
    try FileContents.write(
      page, to: output, "--html", permissions: .ownerReadWrite, keepsOwner: true)
    if case .file(_) = output, Terminal.of(Standard.error, columns: nil).isTerminal {
      Standard.report("\(EscapedText.escaped(html)): \(ReportVerdict(contents).headline)\n")
    }
    try system.checkNamespaces(contents.namespaceGaps)
  }
}
