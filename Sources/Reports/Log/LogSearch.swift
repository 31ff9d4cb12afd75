import Connections
package import Operations
import Rendering
package import Selection
package import StateFiles
package import SystemPackage

/// The log entries to show.
package struct LogSelection {
  package var connections = SelectionPredicate.everything
  package var since: LogTime?
  package var until: LogTime?
  /// Globs for the policy name, of which one must match. Empty for all entries.
  package var policies: [Glob] = []
  /// Results; empty for all.
  package var results: Set<String> = []
  /// Whether to return every run, for a summary by run.
  package var takesEveryRun = false

  package init(
    connections: SelectionPredicate = SelectionPredicate.everything, since: LogTime? = nil,
    until: LogTime? = nil, policies: [Glob] = [], results: Set<String> = []
  ) {
    self.connections = connections
    self.since = since
    self.until = until
    self.policies = policies
    self.results = results
  }
}

/// Reads the log line by line, and matches results with announcements.
package struct LogSearch {
  /// Decisions returned so far, by result.
  package private(set) var counts: [String: Int] = [:]
  /// Lines that are not entries.
  package private(set) var damaged = 0
  /// Decisions that could not be matched against the selection.
  package private(set) var undecided = 0

  private let selection: LogSelection
  /// Announcements without a result so far.
  private var announced: [AuditEntry.Decision: AuditEntry] = [:]
  /// Their order in the log.
  private var order: [AuditEntry.Decision] = []

  /// Lines that a run wrote twice because the log was rotated meanwhile.
  private var repeated = RepeatedLines()

  /// The number of entries in `announced` by run ID.
  private var announcements: [String: Int] = [:]
  /// The IDs of runs that have ended. Their pending announcements never get a result.
  private var ended: Set<String> = []

  /// The result of an announcement whose run died.
  package static let unfinished = "unfinished"

  package init(_ selection: LogSelection) {
    self.selection = selection
  }

  /// Reads the next line of the log.
  ///
  /// - Returns: the decision or run that the line completes, if it is selected.
  package mutating func take(_ line: AuditLogReader.Line) -> LogRecord? {
    if case .whole(let bytes) = line, repeated.contains(bytes) { return nil }
    guard case .whole(let bytes) = line, let value = try? JSONParser.parse(bytes) else {
      damaged += 1
      return nil
    }
    if let run = RunEntry(value) { return take(run) }
    guard let entry = AuditEntry(value) else {
      damaged += 1
      return nil
    }
    guard entry.event != AuditEntry.announcement else {
      if announced.updateValue(entry, forKey: entry.decision) == nil {
        order.append(entry.decision)
        if let id = entry.decision.run.id { announcements[id, default: 0] += 1 }
      }
      return nil
    }
    forget(entry.decision)
    if order.count > 2 * announced.count + 1000 { order.removeAll { announced[$0] == nil } }
    return wanted(LogRecord.Decision(entry: entry, result: entry.event, reason: entry.reason))
      .map(LogRecord.decision)
  }

  private mutating func take(_ run: RunEntry) -> LogRecord? {
    if let id = run.id, announcements[id] != nil { ended.insert(id) }
    return selection.takesEveryRun || isWanted(run) ? .run(run) : nil
  }

  /// Drops the announcement of `decision`, if there is one.
  private mutating func forget(_ decision: AuditEntry.Decision) {
    guard announced.removeValue(forKey: decision) != nil, let id = decision.run.id,
      let count = announcements[id]
    else { return }
    announcements[id] = count > 1 ? count - 1 : nil
  }

  /// Whether to show a run: one that adds to its connections, or any with `--result run`.
  private func isWanted(_ run: RunEntry) -> Bool {
    covers(run)
      && (selection.results.isEmpty
        ? run.addsToItsConnections : selection.results.contains(RunRecord.event))
  }

  /// Whether to show what a run's own entry says in a summary by run.
  package func selects(_ run: RunEntry) -> Bool { covers(run) && selection.results.isEmpty }

  private func covers(_ run: RunEntry) -> Bool {
    // A selection is about connections, not runs.
    guard selection.connections.selectsEverything else { return false }
    if let since = selection.since, run.time < since { return false }
    if let until = selection.until, run.time > until { return false }
    if !selection.policies.isEmpty {
      guard
        run.policies.contains(where: { name in selection.policies.contains { $0.matches(name) } })
      else { return false }
    }
    return true
  }

  /// Announcements without a result, by runs that have ended.
  ///
  /// - Parameter isRunning: whether the run of a decision may still report it.
  package mutating func takeUnfinished(
    unless isRunning: (AuditEntry.Decision) -> Bool
  ) -> [LogRecord.Decision] {
    var found: [LogRecord.Decision] = []
    for decision in order {
      guard let entry = announced[decision], hasEnded(decision.run) || !isRunning(decision)
      else { continue }
      forget(decision)
      let reason = "announced, never reported: the run died"
      if let one = wanted(LogRecord.Decision(entry: entry, result: Self.unfinished, reason: reason))
      {
        found.append(one)
      }
    }
    order.removeAll { announced[$0] == nil }
    return found
  }

  private func hasEnded(_ run: AuditEntry.Run) -> Bool { run.id.map(ended.contains) ?? false }

  /// Starts the next log file.
  package mutating func startFile() { repeated.startFile() }

  /// Counts a line without its line break as damaged.
  package mutating func countPartialLine() {
    damaged += 1
  }

  private mutating func wanted(_ found: LogRecord.Decision) -> LogRecord.Decision? {
    let entry = found.entry
    if let since = selection.since, entry.time < since { return nil }
    if let until = selection.until, entry.time > until { return nil }
    if !selection.results.isEmpty, !selection.results.contains(found.result) { return nil }
    if !selection.policies.isEmpty {
      guard let policy = entry.policy, selection.policies.contains(where: { $0.matches(policy) })
      else { return nil }
    }
    switch selection.connections.verdict(of: entry.connection, owners: entry.owners) {
    case .no: return nil
    case .unknown:
      undecided += 1
      return nil
    case .yes:
      counts[found.result, default: 0] += 1
      return found
    }
  }
}

extension LogSearch {
  /// Reads the log in `directory`, with the files that logrotate(8) renamed. A file that cannot be
  /// decompressed to its end counts as one damaged line.
  ///
  /// An incomplete last line does not count as damaged: another run may be writing it.
  ///
  /// - Returns: the number of files.
  @discardableResult
  package mutating func read(
    in directory: FilePath, _ body: (LogRecord.Decision) -> Void
  ) throws(CommandFailure) -> Int {
    let files = try LogFiles.find(in: directory)
    damaged += files.unreadable.count
    for file in files.all {
      var reader = try LogFiles.open(file)
      startFile()
      do throws(AuditLogProblem) {
        while let line = try reader.next() {
          if let found = take(line)?.decision { body(found) }
        }
      } catch {
        try LogFiles.check(error)
        countPartialLine()
      }
    }
    return files.all.count
  }
}
