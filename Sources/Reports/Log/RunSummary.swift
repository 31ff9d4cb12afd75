import Connections
package import Operations
import Presentation
package import Rendering

/// What one run did, by policy, result and program.
package struct RunSummary {
  /// The time of the last entry.
  package private(set) var time: LogTime
  private var groups: [Key: Group] = [:]

  private struct Key: Hashable {
    let origin: String
    let result: String
    let program: KernelName
  }

  /// The connections of one program with one result.
  fileprivate struct Group {
    var count = 0
    var ends = EndTally()
    /// Connections that may still turn out to be of clients, by their local ports.
    var waiting: [UInt16: [Connection]] = [:]
    /// The local ports that several connections share.
    var sharedPorts: Set<UInt16> = []
    var pids: Set<Int32> = []
    var reason: String?
    var haveOneReason = true
  }

  /// One line of the log.
  package struct Line {
    /// Who acted: `policy kafka`, or `kill by alice (sudo)`. Not escaped.
    package let origin: String
    /// `closed 41`.
    package let result: String
    /// What it is about, in at most some columns if possible; nil if an address would have to be
    /// shortened, unless that is allowed. Escaped.
    package let text: (_ room: Int?, _ mayShorten: Bool) -> String?
    package let style: Style
  }

  /// The summary of a run whose first entry has this time.
  package init(at time: LogTime) { self.time = time }

  package mutating func add(_ decision: LogRecord.Decision) {
    let entry = decision.entry
    time = max(time, entry.time)
    let first = entry.processes.min { $0.pid < $1.pid }
    let key = Key(
      origin: entry.shortOrigin, result: decision.result, program: first?.shownName ?? "?")
    groups[key, default: Group()].add(decision, pid: first?.pid)
  }

  /// The lines about connections: by policy and result, and the programs with most of them first.
  package var lines: [Line] {
    let sorted = groups.sorted { lhs, rhs in
      let (left, right) = (rank(lhs.key), rank(rhs.key))
      if left != right { return left < right }
      if lhs.value.count != rhs.value.count { return lhs.value.count > rhs.value.count }
      return lhs.key.program < rhs.key.program
    }
    var lines = sorted.prefix(Self.maximumLines).map { Self.line(of: $0.key, $0.value) }
    let rest = sorted.dropFirst(Self.maximumLines)
    if !rest.isEmpty {
      let count = rest.reduce(0) { $0 + $1.value.count }
      lines.append(
        Line(
          origin: "", result: "…",
          text: { _, _ in
            "\(Count.text(rest.count)) more program\(Count.plural(rest.count)), "
              + "\(Count.text(count)) connection\(Count.plural(count))"
          }, style: .dim))
    }
    return lines
  }

  /// Anyone can start many programs, so a run has at most this many lines about them.
  static let maximumLines = 20

  private func rank(_ key: Key) -> (String, Int) {
    (key.origin, AuditEntry.results.firstIndex(of: key.result) ?? AuditEntry.results.count)
  }

  private static func line(of key: Key, _ group: Group) -> Line {
    let lowest = group.pids.min()
    let others = group.pids.count > 1 ? " +\(Count.text(group.pids.count - 1))" : ""
    let name = lowest.map { KernelName.label(ofProcess: key.program, pid: $0) }
    let program = name.map { EscapedText.escaped($0) + others } ?? "owner unknown"
    let reason = group.reason.map { reason in
      ": " + EscapedText.escaped(reason) + (group.haveOneReason ? "" : ", and other reasons")
    }
    return Line(
      origin: key.origin, result: "\(key.result) \(Count.text(group.count))",
      text: { room, mayShorten in
        let room = room.map { $0 - EscapedText.width(of: program.utf8) - 1 }
        return group.ends(in: room, mayShorten: mayShorten).map {
          "\(program) \($0)\(reason ?? "")"
        }
      }, style: style(of: key.result))
  }

  private static func style(of result: String) -> Style {
    switch result {
    case "closed": .green
    case "gone", "spared": .dim
    default: .red
    }
  }
}

extension RunSummary.Group {
  fileprivate mutating func add(_ decision: LogRecord.Decision, pid: Int32?) {
    if count == 0 { reason = decision.reason }
    if reason != decision.reason { haveOneReason = false }
    count += 1
    if let pid { pids.insert(pid) }
    add(decision.entry.connection)
  }

  /// The log does not record which connections a listener accepted. If several share a local port,
  /// it did.
  private mutating func add(_ connection: Connection) {
    let port = connection.identity.localPort
    guard !sharedPorts.contains(port) else { return ends.add(connection, isAccepted: true) }
    waiting[port, default: []].append(connection)
    guard let same = waiting[port], same.count >= Self.sharedCount(of: port) else { return }
    for connection in same { ends.add(connection, isAccepted: true) }
    waiting[port] = nil
    sharedPorts.insert(port)
  }

  /// The number of connections from which a local port counts as a listener's.
  ///
  /// The kernel may give one port of its own range, which starts here, to connections to several
  /// peers.
  private static func sharedCount(of port: UInt16) -> Int { port < 32_768 ? 2 : 5 }

  fileprivate func ends(in room: Int?, mayShorten: Bool) -> String? {
    var ends = ends
    for connections in waiting.values {
      for connection in connections { ends.add(connection, isAccepted: false) }
    }
    guard let room, !mayShorten else { return ends.text(in: room.map { max($0, 1) }) }
    return ends.wholeText(in: room)
  }
}

extension AuditEntry {
  /// `policy java-leaks`, or `kill by alice (sudo)`.
  fileprivate var shortOrigin: String {
    policy.map { "policy \($0)" } ?? Self.shortOrigin(of: command, value)
  }

  /// `kill by alice (sudo)`, or the command alone if its user is unknown.
  static func shortOrigin(of command: String, _ value: JSONValue) -> String {
    if let caller = value["invoked_by"]?.text { return "\(command) by \(caller) (sudo)" }
    let user = value["uid"]?.number(UInt32.self).map { id in
      userNames.userName(id) ?? "uid \(id)"
    }
    return command + (user.map { " by \($0)" } ?? "")
  }

  private static let userNames = SystemNumbers(resolvesNames: true)
}
