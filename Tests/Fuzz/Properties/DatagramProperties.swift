import Connections
import Netlink
import SocketDiagnostics
import TestSupport

/// Properties of every answer to a request about sockets.
enum DatagramProperties {
  /// The uptime of the machine in milliseconds, about a week.
  private static let uptime: UInt64 = 600_000_000

  /// How many rows are also checked in a request to destroy them.
  private static let checkedRequests = 8

  static func check(_ bytes: [UInt8]) throws(Violation) {
    let input = DatagramInput(bytes)
    let request = DumpRequest(family: .ipv4, states: .all, details: .figures)
    var rows: [Connection] = []
    var isWhole = false
    do throws(NetlinkProblem) {
      var diagnostics = TCPDiagnostics(over: input.transport, uptime: uptime)
      try diagnostics.dump(request) { rows.append($0) }
      isWhole = true
    } catch {
      try requireOneLine(error.description)
    }
    try check(rows, from: input)
    if isWhole {
      try require(input.hasWholeDump, "an incomplete or inconsistent dump was accepted")
      try checkStates(rows, of: request, input)
    }
    try checkOthers(input, about: rows.first)
  }

  /// Every row comes from a datagram, in order, and identifies its socket as the kernel did.
  private static func check(_ rows: [Connection], from input: DatagramInput) throws(Violation) {
    var payloads = input.payloads[...]
    for (index, row) in rows.enumerated() {
      let wire = index < checkedRequests ? try identityBytes(of: row) : nil
      guard let index = payloads.firstIndex(where: { isRow(row, identity: wire, in: $0) }) else {
        throw Violation("no datagram contains \(row.local) → \(row.peer), cookie \(row.cookie)")
      }
      payloads = payloads[(index + 1)...]
      try require(
        row.cookie.rawValue != 0 && row.cookie.rawValue != .max, "\(row.local) has no cookie")
      let times = [row.tcp?.lastSent, row.tcp?.lastReceived, row.tcp?.lastAcknowledged]
      try require(
        times.allSatisfy { UInt64($0 ?? 0) <= uptime }, "\(row.local) is older than the machine")
    }
  }

  private static func isRow(_ row: Connection, identity: [UInt8]?, in payload: [UInt8]) -> Bool {
    guard payload.count >= 72, payload[0] == row.identity.family.rawValue,
      payload[1] == row.state.rawValue, payload.span.networkUInt16(at: 4) == row.local.port,
      payload.span.networkUInt16(at: 6) == row.peer.port,
      payload.span.uint64(at: 44) == row.cookie.rawValue, payload.span.uint32(at: 68) == row.inode
    else { return false }
    guard let identity else { return true }
    var expected = Array(payload[4..<52])
    if row.identity.family == .ipv4 {
      // The kernel does not read the rest of an IPv4 address, and connreap sends zeros.
      for offset in [4, 20] {
        expected.replaceSubrange(offset + 4..<offset + 16, with: repeatElement(0, count: 12))
      }
    }
    return identity == expected
  }

  /// The `struct inet_diag_sockid` in a request to destroy the socket of `row`.
  private static func identityBytes(of row: Connection) throws(Violation) -> [UInt8] {
    let transport = ScriptedTransport()
    var diagnostics = TCPDiagnostics(over: transport, uptime: nil)
    _ = try? diagnostics.destroy(row.identity)
    guard let sent = transport.sent.first, transport.sent.count == 1, sent.count == 16 + 56 else {
      throw Violation("destroying one socket did not send exactly one request")
    }
    try require(
      sent.span.uint16(at: 4) == 21 && sent[16] == row.identity.family.rawValue
        && sent[17] == 6, "destroying \(row.local) sent a different request")
    return Array(sent[24...])
  }

  /// A dump of states reports the same sockets as a dump of rows.
  private static func checkStates(
    _ rows: [Connection], of request: DumpRequest, _ input: DatagramInput
  ) throws(Violation) {
    var counted: [(AddressFamily, TCPState)] = []
    var diagnostics = TCPDiagnostics(over: input.transport, uptime: uptime)
    do throws(NetlinkProblem) {
      try diagnostics.dumpStates(request) { counted.append(($0, $1)) }
    } catch {
      throw Violation("a dump that can be listed cannot be counted: \(error)")
    }
    try require(
      counted.map(\.0) == rows.map(\.identity.family) && counted.map(\.1) == rows.map(\.state),
      "listing and counting report different sockets")
  }

  /// Checks the same datagrams as answers to other requests.
  private static func checkOthers(
    _ input: DatagramInput, about row: Connection?
  ) throws(Violation) {
    let bytecode = InetDiagBytecode(.all([.mark(1, mask: 1), .port(.peer, 80...80)]))
    do throws(NetlinkProblem) {
      var diagnostics = TCPDiagnostics(over: input.transport, uptime: nil)
      let request = DumpRequest(families: .both, states: .all, details: [], bytecode: bytecode)
      try diagnostics.dump(request) { _ in }
    } catch {
      try requireOneLine(error.description)
    }
    guard let row else { return }
    var found: Connection?
    do throws(NetlinkProblem) {
      var diagnostics = TCPDiagnostics(over: input.transport, uptime: uptime)
      found = try diagnostics.lookUp(row.identity)
    } catch {
      try requireOneLine(error.description)
    }
    try require(found?.cookie ?? row.cookie == row.cookie, "a look-up returned a different socket")
    do throws(NetlinkProblem) {
      var diagnostics = TCPDiagnostics(over: input.transport, uptime: uptime)
      try diagnostics.destroy(row.identity)
    } catch {
      try requireOneLine(error.description)
      return
    }
    try require(input.isAcknowledged, "a socket counts as destroyed without an acknowledgement")
  }
}
