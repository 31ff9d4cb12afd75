import Connections
import Glibc
import Selection

/// One line of the audit log that makes sense.
struct AuditEntry {
  /// What can come of a decision, as the log has it.
  static let results = ["closed", "gone", "spared", "failed", "unverified", LogSearch.unfinished]

  /// All that the line says.
  let value: JSONValue
  let time: LogTime
  /// `closing` for what is going to be closed, or what came of it.
  let event: String
  let command: String
  /// The policy that asked for it; nil for a selection by hand.
  let policy: String?
  /// Why, where the event alone does not say it.
  let reason: String?
  /// Which decision of which run it is about.
  let decision: Decision
  /// The connection, as it was when the run looked.
  let connection: Connection
  /// The name of the interface that it was bound to, as it was then; nil for none.
  let interface: String?
  /// Its owners, as they were then.
  let owners: OwnerList<[OwnerProcess]>
  let processes: [OwnerProcess]

  /// One connection of one run.
  struct Decision: Hashable {
    let run: Run
    let cookie: UInt64
  }

  /// A run, as far as its lines identify it.
  struct Run: Hashable {
    let bootID: String?
    let pid: Int32
    /// When the process was started, in clock ticks since boot; nil in old lines.
    let processStart: UInt64?
    /// The ID of the run; nil in old lines, whose pid is all there is.
    let id: String?
  }

  /// What stands before anything is closed.
  static let announcement = "closing"

  /// The entry that `value` is; nil when it lacks what an entry needs.
  init?(_ value: JSONValue) {
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
  /// One end of the connection as it is printed everywhere; it may hold what needs escaping.
  func text(of end: KernelCondition.End) -> String {
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

extension Connection {
  /// The connection that an object of the contract tells of; nil when it does not name one.
  ///
  /// What the object does not tell, such as the mark, is unknown.
  init?(recorded value: JSONValue) {
    guard let family = AddressFamily.allCases.first(where: { $0.name == value["family"]?.text }),
      let state = TCPState.allCases.first(where: { $0.name == value["state"]?.text }),
      let local = value["local"].flatMap({ Endpoint(recorded: $0, family: family) }),
      let peer = value["peer"].flatMap({ Endpoint(recorded: $0, family: family) }),
      let digits = value["cookie"]?.text, digits.hasPrefix("0x"),
      let number = UInt64(digits.dropFirst(2), radix: 16),
      let cookie = SocketCookie(rawValue: number)
    else { return nil }
    let tcp = value["tcp"]
    var figures = TCPFigures()
    figures.lastSent = value["last_sent_ms"]?.number()
    figures.lastReceived = value["last_received_ms"]?.number()
    figures.lastAcknowledged = value["last_ack_ms"]?.number()
    figures.unacknowledged = tcp?["unacked"]?.number()
    self.init(
      identity: SocketIdentity(
        local: local, peer: peer, family: family,
        interface: value["interface"]?.text.map(Self.interface) ?? 0, cookie: cookie),
      state: state, inode: value["inode"]?.number() ?? 0, userID: value["uid"]?.number() ?? 0,
      receiveQueue: value["recv_queue"]?.number() ?? 0,
      sendQueue: value["send_queue"]?.number() ?? 0,
      timer: ConnectionTimer(kind: .off, expires: 0, retransmits: 0), figures: figures,
      isMPTCPSubflow: value["note"]?.text == "mptcp subflow",
      isV6Only: value["ipv6_only"].map { $0 == .flag(true) })
  }

  /// The index of the interface that has the name now; one that none has otherwise.
  private static func interface(_ name: String) -> UInt32 {
    let index = unsafe if_nametoindex(name)
    return index == 0 ? .max : index
  }
}

extension Endpoint {
  fileprivate init?(recorded value: JSONValue, family: AddressFamily) {
    guard let text = value["address"]?.text, let address = IPAddress(text: text),
      let port = value["port"]?.number(UInt16.self)
    else { return nil }
    self.init(address: IPAddress(bits: address.bits, family: family), port: port)
  }
}
