package import Connections
import ProcessTable
package import Rendering
import Scanning

/// Connections as JSON. Unknown values are null.
package struct ConnectionJSON: Sendable {
  package let text: ConnectionText

  package init(text: ConnectionText) {
    self.text = text
  }

  private var snapshot: Snapshot { text.snapshot }

  /// Writes `connection` as one object, plus the members that `more` writes.
  package func write(
    _ connection: Connection, to json: inout JSONWriter,
    more: (inout JSONWriter) -> Void = { _ in }
  ) {
    let tcp = connection.tcp
    json.object { json in
      json.member("netns", snapshot.networkNamespace(of: connection))
      json.member("family") { $0.append(contentsOf: connection.identity.family.name.utf8) }
      json.member("state") { $0.append(contentsOf: connection.state.name.utf8) }
      writeAddresses(of: connection, to: &json)
      json.member("interface", text.interface(of: connection))
      json.member("inode", connection.inode)
      json.member("cookie") {
        $0.append(contentsOf: "0x".utf8)
        $0.appendHexadecimal(connection.cookie.rawValue)
      }
      json.member("uid", connection.userID)
      json.member("user", text.user(of: connection))
      json.member("recv_queue", connection.receiveQueue)
      json.member("send_queue", connection.sendQueue)
      json.member("idle_ms", connection.idle)
      json.member("stalled_ms", connection.stalled)
      json.member("last_sent_ms", tcp?.lastSent)
      json.member("last_received_ms", tcp?.lastReceived)
      json.member("last_ack_ms", tcp?.lastAcknowledged)
      writeInState(of: connection, to: &json)
      if let age = snapshot.past(of: connection)?.age {
        json.object("age_ms") { $0.member("at_least", age) }
      } else {
        json.null("age_ms")
      }
      writeTimer(connection.timer, to: &json)
      write(snapshot.controlGroup(of: connection), to: &json)
      writeOwners(of: connection, to: &json)
      json.member("note", text.note(of: connection))
      write(tcp, to: &json)
      more(&json)
    }
  }

  /// Writes both ends, and what distinguishes sockets with equal addresses.
  private func writeAddresses(of connection: Connection, to json: inout JSONWriter) {
    writeFamilies(of: connection, to: &json)
    write("local", connection.local, to: &json)
    write("peer", connection.peer, to: &json)
  }

  /// Writes whether an IPv6 socket has v4-mapped addresses, and whether it is IPv6-only.
  package func writeFamilies(of connection: Connection, to json: inout JSONWriter) {
    guard connection.identity.family == .ipv6 else { return }
    if connection.local.address.isV4OrMapped { json.member("mapped", true) }
    if let isV6Only = connection.isV6Only { json.member("ipv6_only", isV6Only) }
  }

  /// Writes an address and port as an object.
  package func write(_ key: StaticString, _ end: Endpoint, to json: inout JSONWriter) {
    json.object(key) { json in
      json.member("address") { end.address.unmapped.appendText(to: &$0) }
      json.member("port", UInt32(end.port))
    }
  }

  private func writeInState(of connection: Connection, to json: inout JSONWriter) {
    guard let atLeast = connection.inStateAtLeast else { return json.null("in_state_ms") }
    json.object("in_state_ms") { json in
      json.member("at_least", atLeast)
      if let atMost = connection.inStateAtMost { json.member("at_most", atMost) }
    }
  }

  private func writeTimer(_ timer: ConnectionTimer, to json: inout JSONWriter) {
    guard timer.kind != .off else { return json.null("timer") }
    json.object("timer") { json in
      json.member("kind") { $0.append(contentsOf: timer.kind.name.utf8) }
      json.member("expires_ms", timer.expires)
      json.member("retransmits", UInt32(timer.retransmits))
    }
  }

  private func write(_ group: ControlGroup?, to json: inout JSONWriter) {
    json.member("cgroup", group?.path)
    json.member("unit", group?.unit)
    json.member("container", group?.container?.id)
    json.member("container_name", group?.container?.name)
    json.member("pod", group?.pod?.uid)
    if let pod = group?.pod, let name = pod.name {
      json.member("pod_name", name)
      json.member("pod_namespace", pod.namespace)
    }
  }

  /// Writes the owners. For a connection in an accept queue, these are the listener's, without
  /// descriptors.
  package func writeOwners(of connection: Connection, to json: inout JSONWriter) {
    let isComplete: Bool
    switch snapshot.attribution(of: connection) {
    case .held(let holdings):
      json.array("owners") { write(holdings, withDescriptors: true, to: &$0) }
      isComplete = snapshot.owners?.isComplete ?? false
    case .inAcceptQueue(let listeners, let holdings):
      json.array("owners") { write(holdings[...], withDescriptors: false, to: &$0) }
      isComplete =
        listeners.count == 1 && !holdings.isEmpty && snapshot.owners?.isComplete ?? false
    case .orphan, .minisocket:
      json.array("owners") { _ in }
      isComplete = true
    case .unknown, .notRead:
      json.array("owners") { _ in }
      isComplete = false
    }
    json.member("owners_complete", isComplete)
  }

  private func write(
    _ holdings: ArraySlice<Holding>, withDescriptors: Bool, to json: inout JSONWriter
  ) {
    guard let table = snapshot.owners else { return }
    var rest = holdings
    while let first = rest.first {
      let ofProcess = rest.prefix { $0.process == first.process }
      rest = rest[ofProcess.endIndex...]
      let process = table.process(of: first)
      json.object { json in
        json.member("pid", UInt32(process.pid))
        json.member("name", process.name)
        json.member("program", process.program)
        json.member("executable", process.executable)
        json.member("command", text.command(of: process))
        json.array("fds") { json in
          guard withDescriptors else { return }
          for holding in ofProcess { json.element(UInt64(holding.descriptor)) }
        }
      }
    }
  }

  private func write(_ tcp: TCPFigures?, to json: inout JSONWriter) {
    guard let tcp else { return json.null("tcp") }
    json.object("tcp") { json in
      json.member("rtt_us", tcp.roundTripMicroseconds)
      json.member("cwnd", tcp.congestionWindow)
      json.member("unacked", tcp.unacknowledged)
      json.member("bytes_acked", tcp.bytesAcknowledged)
      json.member("bytes_received", tcp.bytesReceived)
      json.member("retransmits_total", tcp.totalRetransmits)
      json.member("congestion", tcp.congestion?.description)
    }
  }
}
