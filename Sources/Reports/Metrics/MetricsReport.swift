import Connections
package import Operations
package import Presentation
import ProcessTable
import Rendering
package import Scanning

/// What `metrics` tells: the connections of one moment, and what was done so far.
package struct MetricsReport {
  package let snapshot: Snapshot
  /// Nil when the log could not be read.
  package let totals: AuditTotals?
  /// What runs of `policy apply` remember.
  package var past = RunHistory.Remembered.nothing
  /// How long the look took, in seconds.
  package let scanSeconds: Double
  /// At most this many processes, units and containers have series of their own.
  package let mostProcesses: Int
  /// Looks up the names of interfaces.
  package var names = SystemNumbers(resolvesNames: false)

  package init(
    snapshot: Snapshot, totals: AuditTotals?,
    past: RunHistory.Remembered = RunHistory.Remembered.nothing, scanSeconds: Double,
    mostProcesses: Int, names: SystemNumbers = SystemNumbers(resolvesNames: false)
  ) {
    self.snapshot = snapshot
    self.totals = totals
    self.past = past
    self.scanSeconds = scanSeconds
    self.mostProcesses = mostProcesses
    self.names = names
  }

  /// The text for Prometheus.
  package var text: String {
    var text = PrometheusText()
    writeStates(to: &text)
    writeOwners(to: &text)
    IdleHistogram(snapshot.connections).write("connreap_connection_idle_seconds", to: &text)
    writeListeners(to: &text)
    writeLeaks(to: &text)
    text.family("connreap_scan_duration_seconds", .gauge, "How long it took to look.")
    text.sample("connreap_scan_duration_seconds", scanSeconds)
    text.family(
      "connreap_unreadable_processes", .gauge,
      "Processes whose descriptors could not be read: each may hold any connection.")
    text.sample("connreap_unreadable_processes", snapshot.unreadable.count)
    if let totals { write(totals, to: &text) }
    return text.text
  }

  private func writeStates(to text: inout PrometheusText) {
    let name = "connreap_connections"
    let counts = Tally(snapshot).both
    text.family(name, .gauge, "TCP sockets by state.")
    for state in TCPState.inOrderOfLife {
      text.sample(name, counts[state], [("state", state.name)])
    }
  }

  /// By the policies that have found anything since the machine started; without the history that is
  /// unknown, and no sample.
  private func writeLeaks(to text: inout PrometheusText) {
    let name = "connreap_leaked_connections"
    guard case .known(let memory) = past else { return }
    var counts: [String: Int] = [:]
    for key in memory.groups.keys { counts[key.policy] = 0 }
    // Of a million sockets policies have flagged few.
    let flagged = Set(memory.flags.keys.map(\.cookie))
    let present = Set(snapshot.connections.lazy.map(\.cookie).filter(flagged.contains))
    for key in memory.flags.keys {
      counts[key.policy, default: 0] += present.contains(key.cookie) ? 1 : 0
    }
    text.family(
      name, .gauge,
      "Connections that a policy has flagged in its last runs and that are still there.")
    for (policy, count) in counts.sorted(by: { $0.key < $1.key }) {
      text.sample(name, count, [("policy", policy)])
    }
  }

  private func write(_ totals: AuditTotals, to text: inout PrometheusText) {
    text.family(
      "connreap_outcomes_total", .counter,
      "Decisions in the audit log, by what came of them; less when the log is thrown away.")
    for result in AuditTotals.results {
      text.sample("connreap_outcomes_total", totals.count(of: result), [("result", result)])
    }
    text.family(
      "connreap_audit_damaged_lines", .gauge, "Lines of the audit log that cannot be read.")
    text.sample("connreap_audit_damaged_lines", totals.damaged)
  }
}
