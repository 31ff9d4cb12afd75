import Connections
import Operations
import Presentation
import ProcessTable
package import Rendering
import Scanning

// Sockets by owner. The number of series is bounded, since any user can start programs of any name.
extension MetricsReport {
  /// Uses names, not pids: a series with a pid would end with its process.
  package func writeOwners(to text: inout PrometheusText) {
    write(
      "process", "TCP sockets by command name and state", to: &text
    ) { connection in
      guard case .process(let index) = Grouping.process.key(of: connection, in: snapshot),
        let process = snapshot.owners?.processes[Int(index)]
      else { return nil }
      return process.name ?? process.executableName ?? "?"
    }
    write("unit", "TCP sockets by systemd unit and state", to: &text) { connection in
      snapshot.controlGroup(of: connection)?.unit
    }
    write(
      "container", "TCP sockets by container, as runtimes print its ID, and state", to: &text
    ) { connection in
      snapshot.controlGroup(of: connection)?.container?.shortID
    }
  }

  private func write(
    _ label: String, _ help: String, to text: inout PrometheusText,
    owner: (Connection) -> KernelName?
  ) {
    let name = "connreap_\(label)_connections"
    var counts: [KernelName: StateCounts] = [:]
    for connection in snapshot.connections {
      guard let owner = owner(connection) else { continue }
      // Uses the printed name: two samples must not have the same labels.
      counts[KernelName(owner.text), default: StateCounts()].add(connection.state)
    }
    text.family(name, .gauge, "\(help), for the \(maximumProcesses) with the most sockets.")
    let sorted = counts.sorted { ($1.value.total, $0.key) < ($0.value.total, $1.key) }
    for (owner, counts) in sorted.prefix(maximumProcesses) {
      for state in TCPState.lifecycleOrder where counts[state] > 0 {
        text.sample(name, counts[state], [(label, owner.text), ("state", state.name)])
      }
    }
    // A separate family: a process may be called "other".
    text.family("\(name)_other", .gauge, "\(help), for all others together.")
    let rest = sorted.dropFirst(maximumProcesses).reduce(StateCounts()) { $0 + $1.value }
    for state in TCPState.lifecycleOrder {
      text.sample("\(name)_other", rest[state], [("state", state.name)])
    }
  }
}
