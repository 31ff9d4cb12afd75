package import Connections
import ProcessTable
import Rendering
package import Scanning

/// The connections of one snapshot as text, for tables, CSV and JSON.
package struct ConnectionText: Sendable {
  package let snapshot: Snapshot
  package let names: SystemNumbers
  /// Whether a table omits the local address of connections whose port has a listener.
  package var shortensListeners = false
  /// `java[1744]` for each process of the snapshot's owners, built once.
  private let labels: [[UInt8]]
  /// The bytes of each label that are the name.
  private let nameLengths: [Int]
  private let commands: CommandAccess

  package init(snapshot: Snapshot, names: SystemNumbers, commands: CommandAccess = .none) {
    self.snapshot = snapshot
    self.names = names
    self.commands = commands
    let processes = snapshot.owners?.processes ?? []
    labels = processes.map { process in
      var label: [UInt8] = []
      EscapedText.append(process.label, to: &label)
      return label
    }
    nameLengths = zip(labels, processes).map { $0.count - "[\($1.pid)]".utf8.count }
  }

  /// An unknown value in a table; in CSV it is empty.
  private static let unknown = "–"

  /// Appends the table cell of `connection` in `column`, escaped.
  package func append(_ column: ConnectionColumn, of connection: Connection, to text: inout [UInt8])
  {
    let start = text.count
    appendValue(column, of: connection, asMilliseconds: false, to: &text)
    if text.count == start { text.append(contentsOf: Self.unknown.utf8) }
  }

  /// Appends the CSV field: durations in milliseconds, and nothing if unknown.
  package func appendField(
    _ column: ConnectionColumn, of connection: Connection, to text: inout [UInt8]
  ) {
    appendValue(column, of: connection, asMilliseconds: true, to: &text)
  }

  private func appendValue(
    _ column: ConnectionColumn, of connection: Connection, asMilliseconds: Bool,
    to text: inout [UInt8]
  ) {
    func number(_ value: (some BinaryInteger)?) {
      if let value { text.appendDecimal(UInt64(value)) }
    }
    func time(_ value: UInt32?, prefix: String = "") {
      guard let value else { return }
      if asMilliseconds { return text.appendDecimal(UInt64(value)) }
      text.append(contentsOf: prefix.utf8)
      DurationText.appendRounded(milliseconds: UInt64(value), to: &text)
    }
    let tcp = connection.tcp
    var group: ControlGroup? { snapshot.controlGroup(of: connection) }
    switch column {
    case .state:
      let name = asMilliseconds ? connection.state.name : connection.state.label
      text.append(contentsOf: name.utf8)
    case .local:
      if shortensListeners, !asMilliseconds, isAccepted(connection) {
        connection.local.appendPort(to: &text)
      } else {
        appendEnd(.local, of: connection, to: &text)
      }
    case .peer: appendEnd(.peer, of: connection, to: &text)
    case .localAddress: appendAddress(.local, of: connection, to: &text)
    case .peerAddress: appendAddress(.peer, of: connection, to: &text)
    case .localPort: number(connection.identity.localPort)
    case .peerPort: number(connection.identity.peerPort)
    case .idle: time(connection.idle)
    case .inState: time(connection.inStateAtLeast, prefix: "≥ ")
    case .age:
      guard let age = snapshot.past(of: connection)?.age else { return }
      if asMilliseconds { return text.appendDecimal(age) }
      text.append(contentsOf: "≥ ".utf8)
      DurationText.appendRounded(milliseconds: age, to: &text)
    case .stalled:
      // In a table, a connection that is not stalled gets a dash, not 0.
      if asMilliseconds || connection.hasDataInFlight == true { time(connection.stalled) }
    case .receiveQueue: number(connection.receiveQueue)
    case .sendQueue: number(connection.sendQueue)
    case .unacknowledged: number(tcp?.unacknowledged)
    case .retransmits: number(connection.timer.retransmits)
    case .totalRetransmits: number(tcp?.totalRetransmits)
    case .timer: appendTimer(of: connection, to: &text)
    case .process:
      // In a CSV file, the pid, the descriptors and the note have columns of their own.
      asMilliseconds
        ? appendNames(of: connection, to: &text) : appendProcess(of: connection, to: &text)
    case .note: if let note = note(of: connection) { EscapedText.append(note, to: &text) }
    case .pid:
      appendJoined(snapshot.holders(of: connection).map { KernelName("\($0.pid)") }, to: &text)
    case .command:
      appendJoined(
        snapshot.holders(of: connection).compactMap { commands.command(of: $0) },
        by: "; ", to: &text)
    case .executable:
      appendJoined(snapshot.holders(of: connection).compactMap(\.executable), to: &text)
    case .descriptors:
      if case .held(let holdings) = snapshot.attribution(of: connection) {
        appendDescriptors(holdings, to: &text)
      }
    case .unit: appendEscaped(group?.unit, to: &text)
    case .container:
      appendEscaped(asMilliseconds ? group?.container?.id : group?.container?.label, to: &text)
    case .containerName: appendEscaped(group?.container?.name, to: &text)
    case .pod:
      appendEscaped(
        asMilliseconds ? group?.pod?.uid.map { KernelName($0) } : group?.pod?.label, to: &text)
    case .podName: appendEscaped(group?.pod?.name.flatMap { _ in group?.pod?.label }, to: &text)
    case .controlGroup: appendEscaped(group?.path, to: &text)
    case .user: if let user = user(of: connection) { EscapedText.append(user, to: &text) }
    case .userID: number(connection.userID)
    case .inode: number(connection.inode == 0 ? nil : connection.inode)
    case .cookie:
      text.append(contentsOf: "0x".utf8)
      text.appendHexadecimal(connection.cookie.rawValue)
    case .family: text.append(contentsOf: connection.identity.family.name.utf8)
    case .interface:
      if let name = interface(of: connection) { EscapedText.append(name, to: &text) }
    case .mark: number(connection.mark)
    case .networkNamespace:
      if !asMilliseconds, let name = snapshot.namespace(of: connection).name {
        EscapedText.append(name, to: &text)
      } else {
        number(snapshot.networkNamespace(of: connection))
      }
    case .lastSent: time(tcp?.lastSent)
    case .lastReceived: time(tcp?.lastReceived)
    case .lastAcknowledged: time(tcp?.lastAcknowledged)
    case .roundTrip: appendRoundTrip(tcp?.roundTripMicroseconds, to: &text)
    case .congestionWindow: number(tcp?.congestionWindow)
    case .congestion: if let name = tcp?.congestion { EscapedText.append("\(name)", to: &text) }
    case .bytesAcknowledged: number(tcp?.bytesAcknowledged)
    case .bytesReceived: number(tcp?.bytesReceived)
    }
  }

  /// A remark about `connection`; nil if there is none.
  package func note(of connection: Connection) -> String? {
    if connection.isMPTCPSubflow { return "mptcp subflow" }
    switch snapshot.attribution(of: connection) {
    case .held, .notRead:
      return connection.isPeerWindowClosed ? "the peer's window is closed" : nil
    case .inAcceptQueue(let listeners, _):
      return listeners.first.map { "in accept queue of :\($0.identity.localPort)" }
    case .orphan: return "orphan: no process holds it"
    case .minisocket: return "kernel only: no process holds it"
    case .unknown: return "owner unknown"
    }
  }

  /// The user that created the socket: the name, or the uid if it has none.
  package func user(of connection: Connection) -> String? {
    connection.userID.map { names.userName($0) ?? "\($0)" }
  }

  /// The bound interface: its name or, in another network namespace, its index.
  package func interface(of connection: Connection) -> String? {
    let index = connection.identity.interface
    guard index != 0 else { return nil }
    let name = snapshot.namespace(of: connection).isOwn ? names.interfaceName(index) : nil
    return name ?? "\(index)"
  }

  /// Appends one end of `connection` in the standard form, with its interface if it has one.
  package func appendEnd(
    _ end: KernelCondition.End, of connection: Connection, to text: inout [UInt8]
  ) {
    connection.appendText(of: end, to: &text) { text in
      if let name = interface(of: connection) { EscapedText.append(name, to: &text) }
    }
  }

  /// Appends the address of one end as ``appendEnd(_:of:to:)`` does, without the port.
  private func appendAddress(
    _ end: KernelCondition.End, of connection: Connection, to text: inout [UInt8]
  ) {
    connection.appendText(of: end, to: &text, withPort: false) { text in
      if let name = interface(of: connection) { EscapedText.append(name, to: &text) }
    }
  }

  /// Whether a listener has accepted `connection`, or is about to.
  private func isAccepted(_ connection: Connection) -> Bool {
    connection.state != .listen && !snapshot.listeners(for: connection).isEmpty
  }

  /// One end of `connection` in the standard form.
  package func end(_ end: KernelCondition.End, of connection: Connection) -> String {
    var text: [UInt8] = []
    appendEnd(end, of: connection, to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  /// Appends the names of the processes that hold `connection`.
  private func appendNames(of connection: Connection, to text: inout [UInt8]) {
    guard case .held(let holdings) = snapshot.attribution(of: connection) else { return }
    var last: UInt32?
    for holding in holdings where holding.process != last {
      if last != nil { text.append(UInt8(ascii: " ")) }
      last = holding.process
      let process = Int(holding.process)
      text.append(contentsOf: labels[process].prefix(nameLengths[process]))
    }
  }

  /// Appends `java[1744] fd 23, and 3 more`, or why no owner is named.
  private func appendProcess(of connection: Connection, to text: inout [UInt8]) {
    switch snapshot.attribution(of: connection) {
    case .held(let holdings):
      appendHolders(holdings, withDescriptors: true, to: &text)
      if connection.isMPTCPSubflow || connection.isPeerWindowClosed,
        let note = note(of: connection)
      {
        text.append(contentsOf: ", ".utf8)
        EscapedText.append(note, to: &text)
      }
    case .inAcceptQueue(let listeners, _):
      if let note = note(of: connection) { EscapedText.append(note, to: &text) }
      if let listener = listeners.first,
        case .held(let holdings) = snapshot.attribution(of: listener)
      {
        text.append(contentsOf: " (".utf8)
        appendHolders(holdings, withDescriptors: false, to: &text)
        text.append(UInt8(ascii: ")"))
      }
    case .orphan, .minisocket, .unknown, .notRead:
      if let note = note(of: connection) { EscapedText.append(note, to: &text) }
    }
  }

  /// Appends the first process of `holdings`, sorted by process, and the number of others.
  private func appendHolders(
    _ holdings: ArraySlice<Holding>, withDescriptors: Bool, to text: inout [UInt8]
  ) {
    guard let first = holdings.first else { return }
    text.append(contentsOf: labels[Int(first.process)])
    if withDescriptors {
      text.append(contentsOf: " fd ".utf8)
      appendDescriptors(holdings, to: &text)
    }
    var others = 0
    var last = first.process
    for holding in holdings where holding.process != last {
      last = holding.process
      others += 1
    }
    if others > 0 { text.append(contentsOf: ", and \(others) more".utf8) }
  }

  /// Appends the descriptors of the first process of `holdings`.
  private func appendDescriptors(_ holdings: ArraySlice<Holding>, to text: inout [UInt8]) {
    var isFirst = true
    for holding in holdings {
      guard holding.process == holdings[holdings.startIndex].process else { return }
      if !isFirst { text.append(UInt8(ascii: " ")) }
      isFirst = false
      text.appendDecimal(UInt64(holding.descriptor))
    }
  }

  private func appendEscaped(_ part: KernelName?, to text: inout [UInt8]) {
    if let part { EscapedText.append(part, to: &text) }
  }

  private func appendEscaped(_ part: String?, to text: inout [UInt8]) {
    if let part { EscapedText.append(part, to: &text) }
  }

  /// The command line of `process`, if it may be shown.
  package func command(of process: OwnerProcess) -> KernelName? { commands.command(of: process) }

  private func appendJoined(
    _ parts: [KernelName], by separator: String = " ", to text: inout [UInt8]
  ) {
    for (index, part) in parts.enumerated() {
      if index > 0 { text.append(contentsOf: separator.utf8) }
      EscapedText.append(part, to: &text)
    }
  }

  private func appendTimer(of connection: Connection, to text: inout [UInt8]) {
    guard connection.timer.kind != .off else { return }
    text.append(contentsOf: "\(connection.timer.kind.name) ".utf8)
    DurationText.appendRounded(milliseconds: UInt64(connection.timer.expires), to: &text)
  }

  private func appendRoundTrip(_ microseconds: UInt32?, to text: inout [UInt8]) {
    guard let microseconds else { return }
    text.appendDecimal(UInt64(microseconds))
    text.append(contentsOf: "us".utf8)
  }
}
