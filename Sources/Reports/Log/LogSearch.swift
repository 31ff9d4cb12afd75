import Connections
package import Operations
import Rendering
package import Selection
package import StateFiles
package import SystemPackage

/// Which decisions of the log are wanted.
package struct LogSelection {
  package var connections = SelectionPredicate.everything
  package var since: LogTime?
  package var until: LogTime?
  /// Globs on the policy's name; one must match. Empty for all, and for those without a policy.
  package var policies: [Glob] = []
  /// What came of it; empty for all.
  package var results: Set<String> = []

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

/// Goes through the log line by line, and puts what came of a decision to what was announced of it.
package struct LogSearch {
  /// How many decisions were given out, by what came of them.
  package private(set) var counts: [String: Int] = [:]
  /// How many lines are no entries.
  package private(set) var damaged = 0
  /// Of how many decisions it cannot be said whether they are wanted.
  package private(set) var undecided = 0

  private let selection: LogSelection
  /// What was announced, and has no result yet.
  private var announced: [AuditEntry.Decision: AuditEntry] = [:]
  /// In which order.
  private var order: [AuditEntry.Decision] = []

  /// What a run wrote twice, since the log was moved meanwhile.
  private var repeated = RepeatedLines()

  /// How many entries of `announced` each run has, by its ID.
  private var announcements: [String: Int] = [:]
  /// The IDs of runs that have ended, and whose announcements without a result never get one.
  private var ended: Set<String> = []

  /// What is said of an announcement without a result.
  package static let unfinished = "unfinished"

  package init(_ selection: LogSelection) {
    self.selection = selection
  }

  /// Takes the next line of the log.
  ///
  /// - Returns: the decision or the run that it ends, if that is wanted.
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
    return isWanted(run) ? .run(run) : nil
  }

  /// Drops the announcement of `decision`, if there is one.
  private mutating func forget(_ decision: AuditEntry.Decision) {
    guard announced.removeValue(forKey: decision) != nil, let id = decision.run.id,
      let count = announcements[id]
    else { return }
    announcements[id] = count > 1 ? count - 1 : nil
  }

  /// Whether a run is shown: one that says more than its connections, or all if they are asked for.
  private func isWanted(_ run: RunEntry) -> Bool {
    // A run is not one of the connections that a selection is about.
    guard selection.connections.selectsEverything else { return false }
    if let since = selection.since, run.time < since { return false }
    if let until = selection.until, run.time > until { return false }
    if !selection.policies.isEmpty {
      guard
        run.policies.contains(where: { name in selection.policies.contains { $0.matches(name) } })
      else { return false }
    }
    return selection.results.isEmpty
      ? run.saysMore : selection.results.contains(RunRecord.event)
  }

  /// What was announced and never reported, by runs that are over.
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

  /// The lines that follow are those of the next log.
  package mutating func startFile() { repeated.startFile() }

  /// Whether a run may still report something.
  var isWaiting: Bool { !announced.isEmpty }

  /// A line that ends without its line break is damaged.
  package mutating func takePart() {
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
  /// Takes all lines of the log of `folder`, and of those that logrotate(8) has put aside. What of
  /// them cannot be uncompressed counts as one damaged line.
  ///
  /// A line that is not ended yet is no damage: another run may be in the middle of it.
  ///
  /// - Returns: how many files there are.
  @discardableResult
  package mutating func read(
    in folder: FilePath, _ body: (LogRecord.Decision) -> Void
  ) throws(CommandFailure) -> Int {
    let files = try LogFiles.find(in: folder)
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
        takePart()
      }
    }
    return files.all.count
  }
}
