import ArgumentParser
import Connections
import Operations
import Privileges
import ProcessTable
import Rendering
import Reports
import Selection
import StateFiles
import SystemPackage

/// `connreap log`: what was closed, when, why, by which policy.
struct LogCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", _superCommandName: "connreap",
    abstract: "Shows the audit log: what was closed, when, why, by which policy.",
    discussion: """
      One line for each decision, in the order in which they were written down. What was announced \
      and never reported is 'unfinished': the run died. A run has a line of its own if it closed \
      nothing, refused or gave up a policy, or ended early; '--result run' shows all runs. The \
      selection is about the connection as it was when the run looked. Times without a zone are UTC.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionOptions

  @Option(
    help: ArgumentHelp(
      "from this time on: 2026-11-21T05:42:00Z, 2026-11-21, or how long ago, 2h",
      valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("up to this time, or until so long ago", valueName: "time"))
  var until: String?

  @Option(help: ArgumentHelp("what this policy did; * and ? stand for others", valueName: "name"))
  var policy: [String] = []

  @Option(
    help: ArgumentHelp(
      "what came of it: closed, gone, spared, failed, unverified, unfinished; run for runs",
      valueName: "result"))
  var result: [String] = []

  @Flag(name: .shortAndLong, help: "go on with what is written from now on")
  var follow = false

  @Option(help: ArgumentHelp("where the audit log is kept", valueName: "folder"))
  var stateDir: String?

  @OptionGroup(title: "Output") var output: OutputOptions<PrintedLogRecord>

  var needs: Capabilities { [] }

  func validate() throws {
    guard !follow || output.format != .json else {
      throw ValidationError("--follow has no end: it goes with -o table, jsonl or csv")
    }
    guard selection.netns.allSatisfy({ $0 == "all" }) else {
      throw ValidationError("--netns: the log knows network namespaces by number only")
    }
  }

  func run() throws {
    let wanted = try logSelection()
    let folder = try StateAccess.location(option: stateDir)
    var search = LogSearch(wanted)
    var printed = LogOutput(output.style, to: Standard.output)
    let files = try LogFiles.find(in: folder)
    for path in files.unreadable {
      Standard.say(
        "connreap: \(EscapedText.escaped(path.string)) is left out: only gzip is read\n")
    }
    for file in files.rotated {
      var reader = try LogFiles.open(file)
      try Self.read(&reader, search: &search, printed: &printed)
    }
    if follow {
      let path = folder.appending(AuditLog.fileName)
      try self.follow(path, from: files.current, search: &search, printed: &printed)
    }
    if let current = files.current {
      var reader = try LogFiles.open(current)
      try Self.read(&reader, search: &search, printed: &printed)
    }
    for decision in search.takeUnfinished(unless: RunningRuns.check()) {
      try printed.print(.decision(decision))
    }
    try printed.end(search)
    say(of: search, in: files.all.isEmpty ? folder : nil)
  }

  private func logSelection() throws -> LogSelection {
    let now = LogTime.now
    var wanted = LogSelection()
    wanted.connections = try selection.predicate(names: SystemNames())
    guard wanted.connections.namespaces.allSatisfy({ $0 == .all }) else {
      throw CommandFailure(.usage, "netns: the log knows network namespaces by number only")
    }
    wanted.since = try since.map { value throws(CommandFailure) in
      try LogTime(option: "--since", value: value, now: now)
    }
    wanted.until = try until.map { value throws(CommandFailure) in
      try LogTime(option: "--until", value: value, now: now)
    }
    for name in policy.flatMap({ $0.split(separator: ",") }) {
      do {
        wanted.policies.append(try Glob(name))
      } catch {
        throw CommandFailure(.usage, "--policy: \(error)")
      }
    }
    for word in result.flatMap({ $0.split(separator: ",").map(String.init) }) {
      let words = AuditEntry.results + [RunRecord.event]
      guard words.contains(word) else {
        let nearest = NearestWord.to(word, among: words)
        throw CommandFailure(
          .usage,
          "--result: unknown result \"\(EscapedText.escaped(word))\""
            + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""),
          remedy: "the results are " + words.joined(separator: ", "))
      }
      wanted.results.insert(word)
    }
    return wanted
  }

  private static func read(
    _ reader: inout AuditLogReader, search: inout LogSearch, printed: inout LogOutput
  ) throws {
    search.startFile()
    try readOn(&reader, search: &search, printed: &printed)
    if reader.endsWithPart { search.takePart() }
  }

  private static func readOn(
    _ reader: inout AuditLogReader, search: inout LogSearch, printed: inout LogOutput
  ) throws {
    do {
      while let line = try reader.next() {
        if let record = search.take(line) { try printed.print(record) }
      }
    } catch let problem as AuditLogProblem {
      try LogFiles.check(problem)
      Standard.say("connreap: \(EscapedText.escaped("\(problem)"))\n")
      search.takePart()
    }
  }

  /// Prints what is there, and then what comes, until a signal ends the process.
  private func follow(
    _ path: FilePath, from current: AuditLogFile?, search: inout LogSearch,
    printed: inout LogOutput
  ) throws -> Never {
    let pause = Duration.milliseconds(200)
    var first = current
    while true {
      guard let file = try first ?? LogFiles.find(at: path) else {
        try printed.flush()
        Pause.sleep(pause)
        continue
      }
      first = nil
      var reader = try LogFiles.open(file)
      search.startFile()
      while true {
        // Whether it was replaced is asked first: what was written before that is then read below.
        let isReplaced = reader.isReplaced
        let running = RunningRuns.check()
        try Self.readOn(&reader, search: &search, printed: &printed)
        for decision in search.takeUnfinished(unless: running) {
          try printed.print(.decision(decision))
        }
        try printed.flush()
        if isReplaced { break }
        Pause.sleep(pause)
      }
      if reader.endsWithPart { search.takePart() }
    }
  }

  /// - Parameter missing: the folder, when there is no log in it.
  private func say(of search: LogSearch, in missing: FilePath?) {
    let isWatched = Terminal.of(Standard.error, columns: nil).isTerminal
    if isWatched, output.format == .table {
      let counts = AuditEntry.results.compactMap { result in
        search.counts[result].map { "\(result) \(Count.text($0))" }
      }
      let nothing =
        missing.map { "nothing was closed yet: no audit log in \(EscapedText.escaped($0.string))" }
        ?? "nothing in the log matches"
      Standard.say((counts.isEmpty ? nothing : counts.joined(separator: ", ")) + "\n")
    }
    if search.damaged > 0 {
      let count = Count.text(search.damaged)
      Standard.say(
        "connreap: \(count) line\(Count.plural(search.damaged)) of the log cannot be read, and "
          + "\(search.damaged == 1 ? "is" : "are") left out\n")
    }
    if search.undecided > 0 {
      Standard.say(
        "connreap: of \(Count.text(search.undecided)) decisions the log does not say whether they "
          + "match, and they are left out\n")
    }
  }
}
