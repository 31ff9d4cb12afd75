import Connections
package import Operations
package import Presentation
import ProcessTable
import Rendering
package import Scanning

/// What `metrics` prints: the current sockets, and totals of the audit log.
package struct MetricsReport {
  package let snapshot: Snapshot
  /// Nil if the log could not be read.
  package let totals: AuditTotals?
  /// What earlier runs of `policy apply` recorded.
  package var past = RunHistory.Remembered.nothing
  /// The scan duration, in seconds.
  package let scanSeconds: Double
  /// The most processes, units and containers that get series of their own.
  package let maximumProcesses: Int
  /// Resolves interface names.
  package var names = SystemNumbers(resolvesNames: false)

  package init(
    snapshot: Snapshot, totals: AuditTotals?,
    past: RunHistory.Remembered = RunHistory.Remembered.nothing, scanSeconds: Double,
    maximumProcesses: Int, names: SystemNumbers = SystemNumbers(resolvesNames: false)
  ) {
    self.snapshot = snapshot
    self.totals = totals
    self.past = past
    self.scanSeconds = scanSeconds
    self.maximumProcesses = maximumProcesses
    self.names = names
  }

  /// The Prometheus text.
  package var text: String {
    var text = PrometheusText()
    writeStates(to: &text)
    writeOwners(to: &text)
    IdleHistogram(snapshot.connections).write("connreap_connection_idle_seconds", to: &text)
    writeListeners(to: &text)
    writeLeaks(to: &text)
    text.family("connreap_scan_duration_seconds", .gauge, "Scan duration.")
    text.sample("connreap_scan_duration_seconds", scanSeconds)
    text.family(
      "connreap_unreadable_processes", .gauge,
      "Processes whose descriptors could not be read. Each may hold any connection.")
    text.sample("connreap_unreadable_processes", snapshot.unreadable.count)
    if let totals { write(totals, to: &text) }
    return text.text
  }

  private func writeStates(to text: inout PrometheusText) {
    let name = "connreap_connections"
    let counts = Tally(snapshot).both
    text.family(name, .gauge, "TCP sockets by state.")
    for state in TCPState.lifecycleOrder {
      text.sample(name, counts[state], [("state", state.name)])
    }
  }

  /// One sample for each policy that found something since boot; none if the history is unknown.
  private func writeLeaks(to text: inout PrometheusText) {
    let name = "connreap_leaked_connections"
    guard case .known(let memory) = past else { return }
    var counts: [String: Int] = [:]
    for key in memory.groups.keys { counts[key.policy] = 0 }
    // Policies flag few sockets, even out of a million.
    let flagged = Set(memory.flags.keys.map(\.cookie))
    let present = Set(snapshot.connections.lazy.map(\.cookie).filter(flagged.contains))
    for key in memory.flags.keys {
      counts[key.policy, default: 0] += present.contains(key.cookie) ? 1 : 0
    }
    text.family(
      name, .gauge,
      "Connections that a policy flagged in its last runs and that still exist.")
    for (policy, count) in counts.sorted(by: { $0.key < $1.key }) {
      text.sample(name, count, [("policy", policy)])
    }
  }

  private func write(_ totals: AuditTotals, to text: inout PrometheusText) {
    text.family(
      "connreap_outcomes_total", .counter,
      "Decisions in the audit log by result. Deleting the log resets them.")
    for result in AuditTotals.results {
      text.sample("connreap_outcomes_total", totals.count(of: result), [("result", result)])
    }
    text.family(
      "connreap_audit_damaged_lines", .gauge, "Unreadable lines in the audit log.")
    text.sample("connreap_audit_damaged_lines", totals.damaged)
  }
}
