package import Connections
import Glibc
package import Operations
import Presentation
package import ProcessTable
import Rendering
package import Scanning
import Selection

/// Limits that affect connections, and settings that let them leak.
///
/// An unreadable value gives a note, not a warning. Settings and counters belong to the network
/// namespace of the reader, where the kernel separates them.
package struct Health {
  package let machine: MachineCounters
  /// All sockets with owners; nil if they could not be listed.
  package let snapshot: Snapshot?
  /// Nil if no process could be read.
  package let descriptors: [DescriptorUse]?
  /// What runs of `policy apply` recorded.
  package let past: RunHistory.Remembered

  /// Scans `system`; `past` is what earlier runs recorded.
  package init(_ system: LiveSystem, past: RunHistory.Remembered) {
    var connections = PastConnections.unknown
    if case .known(let memory) = past, let now = system.moment.uptime {
      connections = PastConnections(memory.connections, at: now)
    }
    let request = ScanRequest(
      .everything, reading: [.figures, .ownerNames], past: connections)
    self.init(
      machine: MachineCounters(system.processes, counters: system.source.counters),
      snapshot: try? system.scan(request), past: past)
  }

  /// Uses `snapshot`, which includes `past`, instead of a scan.
  package init(_ system: LiveSystem, _ snapshot: Snapshot, past: RunHistory.Remembered) {
    self.init(
      machine: MachineCounters(system.processes, counters: system.source.counters),
      snapshot: snapshot, past: past)
  }

  /// Uses the figures of `machine` and `snapshot`, which includes `past`.
  package init(
    machine: MachineCounters, snapshot: Snapshot?, past: RunHistory.Remembered = .nothing
  ) {
    self.machine = machine
    self.snapshot = snapshot
    self.past = past
    let use = (try? machine.processes.descriptorUse()) ?? []
    descriptors = use.isEmpty ? nil : use
  }

  var checks: [Check] {
    descriptorChecks + history + [
      files, ephemeralPorts, timeWait, orphans, memory, acceptQueues, synQueues, keepalive,
      closingTimers,
    ]
  }

  /// One end of a connection in the snapshot, as tables print it.
  package func text(of end: KernelCondition.End, _ connection: Connection) -> String {
    snapshot.map {
      ConnectionText(snapshot: $0, names: SystemNumbers(resolvesNames: true)).end(
        end, of: connection)
    } ?? ""
  }

  /// The severity of `used` relative to `limit`.
  package static func severity(_ used: Int64, of limit: Int64) -> Check.Severity {
    let share = Double(used) / Double(max(limit, 1))
    if share >= 0.95 { return .problem }
    return share >= 0.8 ? .warning : .well
  }

  /// Twice `limit`, for a setting that is too low.
  static func twice(_ limit: Int64) -> String { "\(limit > .max / 2 ? .max : limit * 2)" }

  /// `312 of 4,096 (7 %)`; no percentage below 1 %.
  package static func share(_ used: Int64, of limit: Int64) -> String {
    let share = Double(used) / Double(max(limit, 1)) * 100
    let percent = share >= 1 && share < 1e6 ? " (\(Int(share)) %)" : ""
    return "\(Count.text(Int(used))) of \(Count.text(Int(limit)))\(percent)"
  }

  /// The check of a value that could not be read.
  package static func unknown(_ id: String, _ title: String, _ what: String) -> Check {
    Check(
      id: id, severity: .note, title: title,
      detail: "unknown: cannot read \(what) in this network namespace or /proc")
  }

  /// The command that changes a setting, and how to keep it.
  package static func set(_ name: String, _ value: String) -> String {
    let text = value.contains(" ") ? "'\(name)=\(value)'" : "\(name)=\(value)"
    return "sysctl -w \(text) (to keep it, add it to /etc/sysctl.d/)"
  }

  /// The check of a count against a setting.
  package func limit(
    _ id: String, _ title: String, used: Int64?, setting: String, suffix: String = "",
    harm: String, remedy: (Int64) -> String
  ) -> Check {
    guard let used, let limit = machine.setting(setting) else {
      return Self.unknown(id, title, used == nil ? "the number in use" : setting)
    }
    let severity = Self.severity(used, of: limit)
    let text = Self.share(used, of: limit) + suffix
    return Check(
      id: id, severity: severity, title: title,
      detail: severity == .well ? "\(text), \(setting)" : "\(text), \(setting): \(harm)",
      remedy: severity == .well ? nil : remedy(limit))
  }
}
