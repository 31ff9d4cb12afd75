import Connections
import SystemPackage

/// What connreap did, by its audit log: totals by policy, and the latest decisions.
struct AuditSummary {
  /// By policy, the one with most decisions first.
  var totals: [Total] = []
  /// The latest decisions, the newest first; at most ``mostLatest``.
  var latest: [Decision] = []
  /// When the first and the last decision were written down; nil of none.
  var times: ClosedRange<LogTime>?
  /// Lines of the log that make no sense.
  var damaged = 0
  /// Decisions of which the log does not say whether they are of the selection.
  var undecided = 0

  /// How many of the latest are kept.
  static let mostLatest = 20

  /// What came of the decisions of one policy.
  struct Total: Equatable {
    /// Nil for what somebody closed by hand.
    var policy: String?
    /// How many, by result.
    var counts: [String: Int]

    var count: Int { counts.values.reduce(0, +) }
  }

  /// One decision.
  struct Decision {
    var time: LogTime
    var result: String
    var state: String
    var local: String
    var peer: String
    /// Who held it, `java[1744]`; nil when nobody was known to.
    var owners: String?
    /// The policy, or the command and its words.
    var origin: String
    var reason: String?
  }

  /// How many decisions there are.
  var count: Int { totals.reduce(0) { $0 + $1.count } }

  /// How many there are with `result`.
  func count(of result: String) -> Int {
    totals.reduce(0) { $0 + ($1.counts[result] ?? 0) }
  }
}

extension AuditSummary {
  /// What the log of `folder` says of the connections of `selection`; nil when there is none.
  ///
  /// - Parameter isRunning: whether the run of a decision may still report it.
  init?(
    in folder: FilePath, _ selection: LogSelection,
    unless isRunning: (AuditEntry.Decision) -> Bool
  ) throws(CommandFailure) {
    var search = LogSearch(selection)
    var collected = Collected()
    guard try search.read(in: folder, { collected.add($0) }) > 0 else { return nil }
    for found in search.takeUnfinished(unless: isRunning) { collected.add(found) }
    totals = collected.counts.map { Total(policy: $0.key, counts: $0.value) }.sorted { one, other in
      (other.count, one.policy ?? "") < (one.count, other.policy ?? "")
    }
    latest = collected.latest.reversed().map(Decision.init).sorted { $0.time > $1.time }
    times = collected.times
    damaged = search.damaged
    undecided = search.undecided
  }

  /// Decisions as they are found; of most of them only their number is kept.
  private struct Collected {
    var counts: [String?: [String: Int]] = [:]
    var latest: [LogSearch.Found] = []
    var times: ClosedRange<LogTime>?

    mutating func add(_ found: LogSearch.Found) {
      counts[found.entry.policy, default: [:]][found.result, default: 0] += 1
      let time = found.entry.time
      times = times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
      if latest.count == mostLatest { latest.removeFirst() }
      latest.append(found)
    }
  }
}

extension AuditSummary.Decision {
  fileprivate init(_ found: LogSearch.Found) {
    let entry = found.entry
    self.init(
      time: entry.time, result: found.result, state: entry.connection.state.label,
      local: entry.connection.local.description, peer: entry.connection.peer.description,
      owners: LogOutput.owners(of: entry), origin: LogOutput.origin(of: entry),
      reason: found.reason)
  }
}
