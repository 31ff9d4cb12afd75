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

/// `connreap log`: the audit log.
struct LogCommand: ParsableCommand, PrivilegedCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", _superCommandName: "connreap",
    abstract: "Shows the audit log: what was closed, when, why, by which policy.",
    discussion: """
      It summarizes each run: what was closed, by policy and program. '--each' shows every \
      connection, as do JSON and CSV. A connection that was announced but has no result is \
      'unfinished': its run died. Runs that found nothing are left out; '--result run' shows all \
      runs. The selection applies to connections as the run scanned them. Times without a zone are \
      UTC, or with --local the time of this machine.

      \(FilterHelp.text)
      """)

  @OptionGroup(title: "Selection") var selection: SelectionArguments<NoLocalEndOption>

  @Option(
    help: ArgumentHelp(
      "since this time: 2026-11-21T05:42:00Z, 2026-11-21, 14:30, today, yesterday, or this long "
        + "ago: 2h",
      valueName: "time"))
  var since: String?

  @Option(help: ArgumentHelp("until this time, or until this long ago", valueName: "time"))
  var until: String?

  @Option(help: ArgumentHelp("decisions of this policy; * and ? are wildcards", valueName: "name"))
  var policy: [String] = []

  @Option(
    help: ArgumentHelp(
      "result: closed, gone, spared, failed, unverified or unfinished; run shows runs",
      valueName: "result"))
  var result: [String] = []

  @Flag(help: "show every connection, not only runs and programs")
  var each = false

  @Flag(help: "read and print times in the zone of this machine; JSON and CSV stay in UTC")
  var local = false

  @Flag(name: .shortAndLong, help: "keep printing new entries")
  var follow = false

  @Option(help: ArgumentHelp("directory of the audit log", valueName: "directory"))
  var stateDir: String?

  @OptionGroup(title: "Output") var output: OutputOptions<PrintedLogRecord>

  var needs: Capabilities { [] }

  func validate() throws {
    guard !follow || output.format != .json else {
      throw ValidationError("--follow has no end: use -o table, jsonl or csv")
    }
    guard selection.netns.allSatisfy({ $0 == "all" }) else {
      throw ValidationError("--netns: the log identifies network namespaces only by number")
    }
  }

  func run() throws {
    let selection = try logSelection()
    let directory = try StateAccess.location(option: stateDir)
    var search = LogSearch(selection)
    var printed = LogOutput(
      output.style, to: Standard.output, in: zone,
      summarizing: selection.takesEveryRun ? RunSummaries(selection) : nil)
    let files = try LogFiles.find(in: directory)
    for path in files.unreadable {
      Standard.report(
        "connreap: skipping \(EscapedText.escaped(path.string)): only gzip is supported\n")
    }
    for file in files.rotated {
      var reader = try LogFiles.open(file)
      try Self.read(&reader, search: &search, printed: &printed)
    }
    if follow {
      let path = directory.appending(AuditLog.fileName)
      try self.follow(path, from: files.current, search: &search, printed: &printed)
    }
    if let current = files.current {
      var reader = try LogFiles.open(current)
      try Self.read(&reader, search: &search, printed: &printed)
    }
    try printed.print(unfinished: search.takeUnfinished(unless: RunningRuns.check()), of: search)
    try printed.end(search)
    summarize(search, printed.runs, in: files.all.isEmpty ? directory : nil)
  }

  private var zone: LogTime.Zone { local ? .local : .utc }

  private func logSelection() throws -> LogSelection {
    let now = LogTime.now
    var wanted = LogSelection()
    wanted.connections = try selection.predicate(names: SystemNames())
    guard wanted.connections.namespaces.allSatisfy({ $0 == .all }) else {
      throw CommandFailure(.usage, "netns: the log identifies network namespaces only by number")
    }
    wanted.since = try since.map { value throws(CommandFailure) in
      try LogTime(option: "--since", value: value, now: now, in: zone)
    }
    wanted.until = try until.map { value throws(CommandFailure) in
      try LogTime(option: "--until", value: value, now: now, in: zone)
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
        throw CommandFailure.unknown("result", word, of: "--result", among: words)
      }
      wanted.results.insert(word)
    }
    // Scripts get every decision.
    wanted.takesEveryRun =
      !each && output.format == .table && !wanted.results.contains(RunRecord.event)
    return wanted
  }

  private static func read(
    _ reader: inout AuditLogReader, search: inout LogSearch, printed: inout LogOutput
  ) throws {
    search.startFile()
    try readOn(&reader, search: &search, printed: &printed)
    if reader.endsInPartialLine { search.countPartialLine() }
  }

  private static func readOn(
    _ reader: inout AuditLogReader, search: inout LogSearch, printed: inout LogOutput
  ) throws {
    do {
      while let line = try reader.next() {
        if let record = search.take(line) { try printed.print(record, of: search) }
      }
    } catch let problem as AuditLogProblem {
      try LogFiles.check(problem)
      Standard.report("connreap: \(EscapedText.escaped("\(problem)"))\n")
      search.countPartialLine()
    }
  }

  /// Prints existing and new entries until a signal ends the process.
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
        // Check for a replacement first, so that everything written before it is still read below.
        let isReplaced = reader.isReplaced
        let running = RunningRuns.check()
        try Self.readOn(&reader, search: &search, printed: &printed)
        try printed.print(unfinished: search.takeUnfinished(unless: running), of: search)
        try printed.flush()
        if isReplaced { break }
        Pause.sleep(pause)
      }
      if reader.endsInPartialLine { search.countPartialLine() }
    }
  }

  /// Prints the counts and the notices on standard error.
  ///
  /// - Parameter missing: the directory, if it has no log.
  private func summarize(_ search: LogSearch, _ runs: RunSummaries?, in missing: FilePath?) {
    let isWatched = Terminal.of(Standard.error, columns: nil).isTerminal
    if isWatched, output.format == .table {
      let counts = AuditEntry.results.compactMap { result in
        search.counts[result].map { "\(result) \(Count.text($0))" }
      }
      let nothing =
        missing.map { "nothing closed yet: no audit log in \(EscapedText.escaped($0.string))" }
        ?? "no matching log entries"
      let refused = runs.map(\.refused) ?? 0
      let all = counts + (refused > 0 ? ["refused \(Count.text(refused))"] : [])
      let list = all.joined(separator: ", ")
      if let runs, runs.shownRuns > 0 {
        let count = "\(Count.text(runs.shownRuns)) run\(Count.plural(runs.shownRuns))"
        Standard.report(
          count + (list.isEmpty ? "" : ": \(list)") + ". --each shows every connection.\n")
      } else {
        Standard.report((list.isEmpty ? nothing : list) + "\n")
      }
      if let quiet = runs?.quietRuns, quiet > 0 {
        Standard.report(
          "\(Count.text(quiet)) run\(Count.plural(quiet)) found nothing to do; "
            + "--result run shows all runs.\n")
      }
    }
    if search.damaged > 0 {
      let count = Count.text(search.damaged)
      Standard.report(
        "connreap: \(count) unreadable log line\(Count.plural(search.damaged)) left out\n")
    }
    if search.undecided > 0 {
      Standard.report(
        "connreap: \(Count.text(search.undecided)) decision\(Count.plural(search.undecided)) could "
          + "not be matched against the selection; left out\n")
    }
  }
}
