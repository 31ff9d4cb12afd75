import Connections
import ProcessTable
import Scanning

/// What `metrics` tells: the connections of one moment, and what was done so far.
struct MetricsReport {
  let snapshot: Snapshot
  /// Nil when the log could not be read.
  let totals: AuditTotals?
  /// What runs of `policy apply` remember.
  var past = RunHistory.Remembered.nothing
  /// How long the look took, in seconds.
  let scanSeconds: Double
  /// Of how many processes connections are told apart.
  let mostProcesses: Int

  /// The text for Prometheus.
  var text: String {
    var text = PrometheusText()
    writeStates(to: &text)
    writeProcesses(to: &text)
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
      text.sample(name, counts[state], ["state": state.name])
    }
  }

  private struct ProcessKey: Hashable {
    let name: KernelName
    let state: TCPState
  }

  /// By name, since a pid makes a time series that ends with the process.
  private func writeProcesses(to text: inout PrometheusText) {
    let name = "connreap_process_connections"
    var counts: [ProcessKey: Int] = [:]
    var totals: [KernelName: Int] = [:]
    for connection in snapshot.connections {
      guard case .process(let index) = Grouping.process.key(of: connection, in: snapshot),
        let process = snapshot.owners?.processes[Int(index)]
      else { continue }
      // As it is printed: two samples must not have the same labels.
      let owner = KernelName((process.name ?? process.executableName ?? "?").text)
      counts[ProcessKey(name: owner, state: connection.state), default: 0] += 1
      totals[owner, default: 0] += 1
    }
    text.family(
      name, .gauge,
      "TCP sockets by command name and state, of the \(mostProcesses) names with most of them.")
    let sorted = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    for (owner, _) in sorted.prefix(mostProcesses) {
      for state in TCPState.inOrderOfLife {
        guard let count = counts[ProcessKey(name: owner, state: state)] else { continue }
        text.sample(name, count, ["process": owner.text, "state": state.name])
      }
    }
    // A family of its own: a process may have any name, "other" too.
    text.family("\(name)_other", .gauge, "TCP sockets of all other command names, by state.")
    let others = sorted.dropFirst(mostProcesses).map(\.key)
    for state in TCPState.inOrderOfLife {
      let count = others.reduce(0) { $0 + (counts[ProcessKey(name: $1, state: state)] ?? 0) }
      text.sample("\(name)_other", count, ["state": state.name])
    }
  }

  /// How many listeners have time series of their own.
  static let mostListeners = 100

  /// Those that share a local end (`SO_REUSEPORT`) are one: labels must differ.
  private func writeListeners(to text: inout PrometheusText) {
    var queues: [String: (waiting: Int, backlog: Int)] = [:]
    for listener in snapshot.connections where listener.state == .listen {
      let local = "\(listener.local)"
      queues[local, default: (0, 0)].waiting += Int(listener.receiveQueue)
      queues[local]?.backlog += Int(listener.sendQueue)
    }
    let sorted = queues.sorted { one, other in
      let (first, second) = (one.value, other.value)
      let (isFull, isOtherFull) = (
        first.waiting > first.backlog, second.waiting > second.backlog
      )
      if isFull != isOtherFull { return isFull }
      return (second.waiting, one.key) < (first.waiting, other.key)
    }
    let shown = sorted.prefix(Self.mostListeners).sorted { $0.key < $1.key }
    let others = sorted.dropFirst(Self.mostListeners).map(\.value)
    let which = "of the \(Self.mostListeners) fullest listeners"
    text.family("connreap_listeners", .gauge, "Local ends that programs listen on.")
    text.sample("connreap_listeners", queues.count)
    text.family(
      "connreap_listener_accept_queue", .gauge, "Connections that wait to be accepted, \(which).")
    for (local, queue) in shown {
      text.sample("connreap_listener_accept_queue", queue.waiting, ["local": local])
    }
    text.family(
      "connreap_listener_backlog", .gauge, "How many may wait to be accepted, \(which).")
    for (local, queue) in shown {
      text.sample("connreap_listener_backlog", queue.backlog, ["local": local])
    }
    text.family(
      "connreap_listener_accept_queue_other", .gauge,
      "Connections that wait to be accepted by all other listeners.")
    text.sample(
      "connreap_listener_accept_queue_other", others.reduce(0) { $0 + $1.waiting })
    text.family(
      "connreap_listener_backlog_other", .gauge,
      "How many may wait to be accepted by all other listeners.")
    text.sample("connreap_listener_backlog_other", others.reduce(0) { $0 + $1.backlog })
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
      text.sample(name, count, ["policy": policy])
    }
  }

  private func write(_ totals: AuditTotals, to text: inout PrometheusText) {
    text.family(
      "connreap_outcomes_total", .counter,
      "Decisions in the audit log, by what came of them; less when the log is thrown away.")
    for result in AuditTotals.results {
      text.sample("connreap_outcomes_total", totals.count(of: result), ["result": result])
    }
    text.family(
      "connreap_audit_damaged_lines", .gauge, "Lines of the audit log that cannot be read.")
    text.sample("connreap_audit_damaged_lines", totals.damaged)
  }
}
