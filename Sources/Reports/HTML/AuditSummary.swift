import Connections
package import Operations
import Rendering
package import SystemPackage

/// The audit log in brief: totals by policy, and the latest decisions.
package struct AuditSummary {
  /// Totals by policy, most decisions first.
  package var totals: [Total] = []
  /// The latest decisions, newest first; at most ``maximumLatest``. Decisions of one run that differ
  /// only in the connection are merged.
  var latest: [Decision] = []
  /// Whether ``latest`` is not complete.
  package var isCut: Bool { latest.reduce(0) { $0 + $1.count } < count }
  /// The times of the first and last decision; nil without decisions.
  package var times: ClosedRange<LogTime>?
  /// Unreadable lines of the log.
  package var damaged = 0
  /// Decisions that could not be matched against the selection.
  package var undecided = 0

  /// The most decisions in ``latest``.
  static let maximumLatest = 20

  /// The results of one policy.
  package struct Total: Equatable {
    /// Nil for `kill`.
    package var policy: String?
    /// Decisions by result.
    package var counts: [String: Int]

    package var count: Int { counts.values.reduce(0, +) }
  }

  /// One decision, or several merged ones of a run.
  package struct Decision: Equatable {
    package var time: LogTime
    package var result: String
    package var state: String
    /// The number of connections.
    package var count = 1
    /// The local end of the first connection.
    package var local: String
    /// The peer, without the port if it varies.
    package var peer: String
    /// The owners, such as `java[1744]`; nil if unknown.
    package var owners: String?
    /// The policy, or the command and its arguments.
    package var origin: String
    package var reason: String?
  }

  /// All decisions.
  package var count: Int { totals.reduce(0) { $0 + $1.count } }

  /// All known results, then others that occur in the log.
  package var results: [String] {
    let others = Set(totals.flatMap(\.counts.keys)).subtracting(AuditEntry.results)
    return AuditEntry.results + others.sorted()
  }

  /// Decisions with `result`.
  package func count(of result: String) -> Int {
    totals.reduce(0) { $0 + ($1.counts[result] ?? 0) }
  }
}

extension AuditSummary {
  /// Reads the log in `directory` for `selection`; nil if there is no log.
  ///
  /// - Parameter isRunning: whether the run of a decision may still report it.
  package init?(
    in directory: FilePath, _ selection: LogSelection,
    unless isRunning: (AuditEntry.Decision) -> Bool
  ) throws(CommandFailure) {
    var search = LogSearch(selection)
    var collected = Collected()
    guard try search.read(in: directory, { collected.add($0) }) > 0 else { return nil }
    for found in search.takeUnfinished(unless: isRunning) { collected.add(found) }
    totals = collected.counts.map { Total(policy: $0.key, counts: $0.value) }.sorted { one, other in
      (other.count, one.policy ?? "") < (one.count, other.policy ?? "")
    }
    latest = collected.latest.reversed().map(\.decision).sorted { $0.time > $1.time }
    times = collected.times
    damaged = search.damaged
    undecided = search.undecided
  }

  /// Collects decisions as they are found. Older ones are only counted.
  private struct Collected {
    var counts: [String?: [String: Int]] = [:]
    var latest: [Merged] = []
    var times: ClosedRange<LogTime>?

    mutating func add(_ found: LogRecord.Decision) {
      counts[found.entry.policy, default: [:]][found.result, default: 0] += 1
      let time = found.entry.time
      times = times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
      let next = Merged(found)
      for index in latest.indices.reversed() where latest[index].take(next) { return }
      if latest.count == maximumLatest { latest.removeFirst() }
      latest.append(next)
    }
  }

  /// Decisions of one run that differ only in the connection.
  private struct Merged {
    var decision: Decision
    private let run: AuditEntry.Run
    private let peer: IPAddress

    /// The longest time between merged decisions: a minute, in milliseconds.
    private static let longestPause: Int64 = 60_000

    init(_ found: LogRecord.Decision) {
      let entry = found.entry
      decision = Decision(
        time: entry.time, result: found.result, state: entry.connection.state.label,
        local: entry.text(of: .local), peer: entry.text(of: .peer),
        owners: entry.ownerText, origin: entry.origin, reason: found.reason)
      run = entry.decision.run
      peer = entry.connection.peer.address.unmapped
    }

    /// Merges `other` if it differs only in the connection.
    mutating func take(_ other: Merged) -> Bool {
      // Old entries have no run ID, and a later run may have the same pid.
      let distance = abs(other.decision.time.milliseconds - decision.time.milliseconds)
      guard other.run == run, other.peer == peer, distance < Self.longestPause
      else { return false }
      var same = other.decision
      (same.time, same.count) = (decision.time, decision.count)
      (same.local, same.peer) = (decision.local, decision.peer)
      guard same == decision else { return false }
      decision.time = max(decision.time, other.decision.time)
      decision.count += 1
      if other.decision.peer != decision.peer { decision.peer = peer.description }
      return true
    }
  }
}
