import Connections
package import Operations
import Rendering
package import SystemPackage

/// What connreap did, by its audit log: totals by policy, and the latest decisions.
package struct AuditSummary {
  /// By policy, the one with most decisions first.
  package var totals: [Total] = []
  /// The latest decisions, the newest first; at most ``mostLatest``. Those of one run that differ in
  /// nothing but the connection are one.
  var latest: [Decision] = []
  /// Whether there are more than ``latest``.
  package var isCut: Bool { latest.reduce(0) { $0 + $1.count } < count }
  /// When the first and the last decision were written down; nil of none.
  package var times: ClosedRange<LogTime>?
  /// Lines of the log that make no sense.
  package var damaged = 0
  /// Decisions of which the log does not say whether they are of the selection.
  package var undecided = 0

  /// How many of the latest are kept.
  static let mostLatest = 20

  /// What came of the decisions of one policy.
  package struct Total: Equatable {
    /// Nil for what somebody closed by hand.
    package var policy: String?
    /// How many, by result.
    package var counts: [String: Int]

    package var count: Int { counts.values.reduce(0, +) }
  }

  /// One decision, or several of one run.
  package struct Decision: Equatable {
    package var time: LogTime
    package var result: String
    package var state: String
    /// How many connections it is about.
    package var count = 1
    /// The local end of the first.
    package var local: String
    /// Where they lead to: without a port, when it is not the same.
    package var peer: String
    /// Who held it, `java[1744]`; nil when nobody was known to.
    package var owners: String?
    /// The policy, or the command and its words.
    package var origin: String
    package var reason: String?
  }

  /// How many decisions there are.
  package var count: Int { totals.reduce(0) { $0 + $1.count } }

  /// All results that there can be, and others that the log has, as it spells them.
  package var results: [String] {
    let others = Set(totals.flatMap(\.counts.keys)).subtracting(AuditEntry.results)
    return AuditEntry.results + others.sorted()
  }

  /// How many there are with `result`.
  package func count(of result: String) -> Int {
    totals.reduce(0) { $0 + ($1.counts[result] ?? 0) }
  }
}

extension AuditSummary {
  /// What the log of `folder` says of the connections of `selection`; nil when there is none.
  ///
  /// - Parameter isRunning: whether the run of a decision may still report it.
  package init?(
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
    latest = collected.latest.reversed().map(\.decision).sorted { $0.time > $1.time }
    times = collected.times
    damaged = search.damaged
    undecided = search.undecided
  }

  /// Decisions as they are found; of most of them only their number is kept.
  private struct Collected {
    var counts: [String?: [String: Int]] = [:]
    var latest: [Several] = []
    var times: ClosedRange<LogTime>?

    mutating func add(_ found: LogRecord.Decision) {
      counts[found.entry.policy, default: [:]][found.result, default: 0] += 1
      let time = found.entry.time
      times = times.map { min($0.lowerBound, time)...max($0.upperBound, time) } ?? time...time
      let one = Several(found)
      for place in latest.indices.reversed() where latest[place].take(one) { return }
      if latest.count == mostLatest { latest.removeFirst() }
      latest.append(one)
    }
  }

  /// Decisions of one run that differ in nothing but the connection.
  private struct Several {
    var decision: Decision
    private let run: AuditEntry.Run
    private let peer: IPAddress

    /// Between two decisions of a run, in milliseconds: a minute.
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

    /// Takes one more in, if it is like the others.
    mutating func take(_ other: Several) -> Bool {
      // In lines without the ID of the run, a later run may have the same pid.
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
