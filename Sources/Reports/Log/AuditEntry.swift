package import Connections
import Glibc
package import Operations
import Presentation
package import Rendering
package import Selection

/// A log entry about a connection.
package struct AuditEntry {
  /// The possible results of a decision.
  package static let results = [
    "closed", "gone", "spared", "failed", "unverified", LogSearch.unfinished,
  ]

  /// The whole entry.
  package let value: JSONValue
  package let time: LogTime
  /// `closing` for an announcement, or the result.
  package let event: String
  package let command: String
  /// The policy; nil for `kill`.
  package let policy: String?
  /// The reason, if the event has one.
  package let reason: String?
  /// The decision and its run.
  package let decision: Decision
  /// The connection as the run scanned it.
  package let connection: Connection
  /// The interface that it was bound to; nil for none.
  package let interface: String?
  /// Its owners at that time.
  package let owners: OwnerList<[OwnerProcess]>
  package let processes: [OwnerProcess]

  /// One connection of one run.
  package struct Decision: Hashable {
    package let run: Run
    package let cookie: UInt64
  }

  /// A run, as its entries identify it.
  package struct Run: Hashable {
    package let bootID: String?
    package let pid: Int32
    /// The start of the process, in clock ticks since boot; nil in old entries.
    package let processStart: UInt64?
    /// The ID of the run; nil in old entries, which have only the pid.
    package let id: String?
  }

  /// The event that precedes a close.
  static let announcement = "closing"

  /// Reads `value`; nil if a required key is missing.
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
    return first.label.text + (others > 0 ? ", and \(others) more" : "")
  }

  /// `policy java-leaks`, or `kill --port 80` and the user who ran it.
  package var origin: String {
    if let policy { return "policy \(policy)" }
    let words = value["selection"]?.text.map { " \($0)" } ?? ""
    let user = value["invoked_by"]?.text.map { " (by \($0))" } ?? ""
    return command + words + user
  }

  /// One end of the connection, not escaped.
  package func text(of end: KernelCondition.End) -> String {
    var text: [UInt8] = []
    connection.appendText(of: end, to: &text) { text in
      text.append(contentsOf: (interface ?? "?").utf8)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension AuditEntry {
  /// The address of one end, with its interface as in ``text(of:)``. Not escaped.
  func addressText(of end: KernelCondition.End) -> String {
    let address = end == .local ? connection.local.address : connection.peer.address
    var text: [UInt8] = []
    address.appendShownText(to: &text, isV6Only: connection.isV6Only, inEndpoint: false) { text in
      guard let interface, end == .local || address.isLinkLocal else { return }
      text.append(contentsOf: "%\(interface)".utf8)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

extension OwnerProcess {
  /// Reads an element of `owners`.
  fileprivate init?(recorded value: JSONValue, in group: ControlGroup?) {
    guard let pid = value["pid"]?.number(Int32.self) else { return nil }
    let identity = ProcessIdentity(pid: pid, startTicks: nil)
    let name = value["name"]?.text.map { KernelName($0) }
    let executable = value["executable"]?.text.map { KernelName($0) }
    guard let program = value["program"]?.text else {
      self.init(
        identity: identity, name: name, executable: executable, userID: nil, controlGroup: group)
      return
    }
    self.init(
      identity: identity, name: name, executable: executable, program: KernelName(program),
      command: nil, userID: nil, controlGroup: group)
  }
}
