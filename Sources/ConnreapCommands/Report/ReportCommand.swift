import ArgumentParser
import Operations
import Privileges
import Rendering
import Reports
import Selection
import StateFiles
import SystemPackage

/// `connreap report`: one page that tells how it stands.
struct ReportCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", _superCommandName: "connreap",
    abstract: "Writes one page that tells how it stands: leaks, queues, policies, health.",
    discussion: """
      The page is a file by itself: it loads nothing and runs no script, so it can be mailed and \
      printed. The file is replaced as a whole, and left as it is when something fails. It keeps its \
      owner and mode; a new one is for its owner alone, since it says who talks to whom.

      Sockets in all states are looked at. A connection counts as leaked when its peer has closed \
      it, the program has not (CLOSE-WAIT), and nothing has moved on it since --leaked-after.

      \(FilterHelp.text)
      """)

  @Option(help: ArgumentHelp("the file to write; - is standard output", valueName: "file"))
  var html: String

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(
    help: ArgumentHelp(
      "so long in CLOSE-WAIT, a connection counts as leaked", valueName: "duration"))
  var leakedAfter = DurationArgument(argument: "1m")

  @Option(
    help: ArgumentHelp("where the audit log and the history are kept", valueName: "folder"))
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
    guard !html.isEmpty else { throw ValidationError("--html takes the name of a file") }
  }

  func run() throws {
    let selected = try selection.predicate(names: SystemNames())
    let limit = try leakedAfter.milliseconds(of: "--leaked-after")
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
      Standard.say("\(EscapedText.escaped(html)): \(ReportVerdict(contents).headline)\n")
    }
    try system.checkNamespaces(contents.namespaceGaps)
  }
}
