package import Connections
import Glibc
package import Operations
import Presentation
package import ProcessTable
import Rendering
package import Scanning
import Selection

/// How far the machine is from limits that connections run into, and settings that let them leak.
///
/// What could not be read is said, and is no finding. Settings and counters are those of the
/// reader's network namespace, as far as the kernel keeps them apart.
package struct Health {
  package let machine: MachineFigures
  /// All sockets, with their owners; nil when they could not be listed.
  package let snapshot: Snapshot?
  /// Nil when no process could be read.
  package let descriptors: [DescriptorUse]?
  /// What runs of `policy apply` saw.
  package let past: RunHistory.Remembered

  /// Reads everything of `system`, whose earlier runs saw what `past` tells.
  package init(_ system: LiveSystem, past: RunHistory.Remembered) {
    var connections = PastConnections.unknown
    if case .known(let memory) = past, let now = system.moment.uptime {
      connections = PastConnections(memory.connections, at: now)
    }
    let request = ScanRequest(
      .everything, reading: [.figures, .ownerNames], past: connections)
    self.init(
      machine: MachineFigures(system.processes, counters: system.source.counters),
      snapshot: try? system.scan(request), past: past)
  }

  /// The health of `system`, whose sockets are those of `snapshot`, which knows of `past`.
  package init(_ system: LiveSystem, _ snapshot: Snapshot, past: RunHistory.Remembered) {
    self.init(
      machine: MachineFigures(system.processes, counters: system.source.counters),
      snapshot: snapshot, past: past)
  }

  /// The health of `machine`, whose sockets are those of `snapshot`, which knows of `past`.
  package init(machine: MachineFigures, snapshot: Snapshot?, past: RunHistory.Remembered = .nothing)
  {
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

  /// An end of a connection of the snapshot, as it is printed everywhere.
  package func text(of end: KernelCondition.End, _ connection: Connection) -> String {
    snapshot.map {
      ConnectionText(snapshot: $0, names: SystemNumbers(resolvesNames: true)).end(
        end, of: connection)
    } ?? ""
  }

  /// How near to its limit something is.
  package static func severity(_ used: Int64, of limit: Int64) -> Check.Severity {
    let share = Double(used) / Double(max(limit, 1))
    if share >= 0.95 { return .problem }
    return share >= 0.8 ? .warning : .well
  }

  /// Twice as much, for a setting that is too low.
  static func twice(_ limit: Int64) -> String { "\(limit > .max / 2 ? .max : limit * 2)" }

  /// `312 of 4,096 (7 %)`; without a percentage where there is no whole one.
  package static func share(_ used: Int64, of limit: Int64) -> String {
    let share = Double(used) / Double(max(limit, 1)) * 100
    let percent = share >= 1 && share < 1e6 ? " (\(Int(share)) %)" : ""
    return "\(Count.text(Int(used))) of \(Count.text(Int(limit)))\(percent)"
  }

  /// The check of something that could not be read: it is not called well.
  package static func unknown(_ id: String, _ title: String, _ what: String) -> Check {
    Check(
      id: id, severity: .note, title: title,
      detail: "unknown: \(what) cannot be read in this network namespace or /proc")
  }

  /// The command that changes a setting, for good.
  package static func set(_ name: String, _ value: String) -> String {
    let text = value.contains(" ") ? "'\(name)=\(value)'" : "\(name)=\(value)"
    return "sysctl -w \(text) (and in a file of /etc/sysctl.d/, to keep it)"
  }

  /// The check of how much is used of what a setting allows.
  package func limit(
    _ id: String, _ title: String, used: Int64?, setting: String, suffix: String = "",
    harm: String, remedy: (Int64) -> String
  ) -> Check {
    guard let used, let limit = machine.setting(setting) else {
      return Self.unknown(id, title, used == nil ? "how many there are" : setting)
    }
    let severity = Self.severity(used, of: limit)
    let text = Self.share(used, of: limit) + suffix
    return Check(
      id: id, severity: severity, title: title,
      detail: severity == .well ? "\(text), \(setting)" : "\(text), \(setting): \(harm)",
      remedy: severity == .well ? nil : remedy(limit))
  }
}
