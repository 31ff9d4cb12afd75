package import Connections
import Glibc
package import Operations
import Presentation
package import Rendering
package import Selection

/// One line of the audit log that makes sense.
package struct AuditEntry {
  /// What can come of a decision, as the log has it.
  package static let results = [
    "closed", "gone", "spared", "failed", "unverified", LogSearch.unfinished,
  ]

  /// All that the line says.
  package let value: JSONValue
  package let time: LogTime
  /// `closing` for what is going to be closed, or what came of it.
  package let event: String
  package let command: String
  /// The policy that asked for it; nil for a selection by hand.
  package let policy: String?
  /// Why, where the event alone does not say it.
  package let reason: String?
  /// Which decision of which run it is about.
  package let decision: Decision
  /// The connection, as it was when the run looked.
  package let connection: Connection
  /// The name of the interface that it was bound to, as it was then; nil for none.
  package let interface: String?
  /// Its owners, as they were then.
  package let owners: OwnerList<[OwnerProcess]>
  package let processes: [OwnerProcess]

  /// One connection of one run.
  package struct Decision: Hashable {
    package let run: Run
    package let cookie: UInt64
  }

  /// A run, as far as its lines identify it.
  package struct Run: Hashable {
    package let bootID: String?
    package let pid: Int32
    /// When the process was started, in clock ticks since boot; nil in old lines.
    package let processStart: UInt64?
    /// The ID of the run; nil in old lines, whose pid is all there is.
    package let id: String?
  }

  /// What stands before anything is closed.
  static let announcement = "closing"

  /// The entry that `value` is; nil when it lacks what an entry needs.
  package init?(_ value: JSONValue) {
    guard let time = value["time"]?.text,
      let time = LogTime(time), let event = value["event"]?.text,
      let command = value["command"]?.text, let pid = value["pid"]?.number(Int32.self),
      let recorded = value["connection"], let connection = Connection(recorded: recorded)
    else { return nil }
    self.value = value
    self.time = time
    self.event = event
    self.command = command
    self.connection = connection
    interface = recorded["interface"]?.text
    policy = value["policy"]?.text
    reason = value["reason"]?.text
    decision = Decision(
      run: Run(
        bootID: value["boot_id"]?.text, pid: pid, processStart: value["pid_start"]?.number(),
        id: value["run"]?.text), cookie: connection.cookie.rawValue)
    let group = recorded["cgroup"]?.text.map { ControlGroup(path: KernelName($0)) }
    processes = (recorded["owners"]?.elements ?? []).compactMap {
      OwnerProcess(recorded: $0, in: group)
    }
    owners = OwnerList(
      processes, isComplete: recorded["owners_complete"] == .flag(true))
  }
}

extension AuditEntry {
  /// `java[1744], and 2 more`; nil when no owner was known.
  package var ownerText: String? {
    guard let first = processes.first else { return nil }
    let others = processes.count - 1
    return "\(first.name ?? "?")[\(first.pid)]" + (others > 0 ? ", and \(others) more" : "")
  }

  /// `policy java-leaks`, or `kill --port 80` and the user who ran it.
  package var origin: String {
    if let policy { return "policy \(policy)" }
    let words = value["selection"]?.text.map { " \($0)" } ?? ""
    let user = value["invoked_by"]?.text.map { " (by \($0))" } ?? ""
    return command + words + user
  }

  /// One end of the connection as it is printed everywhere; it may hold what needs escaping.
  package func text(of end: KernelCondition.End) -> String {
    var text: [UInt8] = []
    connection.appendText(of: end, to: &text) { text in
      text.append(contentsOf: (interface ?? "?").utf8)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension OwnerProcess {
  /// The owner that an element of `owners` tells of.
  fileprivate init?(recorded value: JSONValue, in group: ControlGroup?) {
    guard let pid = value["pid"]?.number(Int32.self) else { return nil }
    self.init(
      identity: ProcessIdentity(pid: pid, startTicks: nil),
      name: value["name"]?.text.map { KernelName($0) },
      executable: value["executable"]?.text.map { KernelName($0) }, userID: nil, controlGroup: group
    )
  }
}
