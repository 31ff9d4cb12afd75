package import Connections
import Operations
import Presentation
import Rendering
import Reports
import Scanning
package import Screens

/// The details page of one connection: each value with its meaning.
package struct TopDetails {
  package let connection: Connection
  package let scan: TopScan
  package let rates: TransferRates
  /// Whether the meaning of each value is beside it.
  package var explains = true

  /// The lines of the page, wrapped to `width` columns.
  package func lines(width: Int) -> [ScreenLine] {
    facts.flatMap { line($0, width: width) }
  }

  private struct Fact {
    let name: String
    let value: String
    let meaning: String
    var look = ScreenLook.plain
  }

  static let margin = 16
  private static let valueWidth = 11

  private func line(_ fact: Fact, width: Int) -> [ScreenLine] {
    let valueWidth = EscapedText.width(of: fact.value.utf8)
    guard explains, width < 40 || Self.margin + valueWidth <= width else {
      return ScreenLine.fact(fact.name, fact.value, fact.look, width: width)
    }
    var line = ScreenLine(fact.name, ScreenLook(nil, .bold)).fitted(
      to: width >= 40 ? Self.margin : fact.name.utf8.count + 1)
    line.append(fact.value, fact.look)
    if width >= 70, !fact.meaning.isEmpty {
      // Align the meanings in a column, except after unusually long values.
      line = line.fitted(to: max(line.width, Self.margin + Self.valueWidth))
    }
    guard !fact.meaning.isEmpty else { return [line] }
    let dim = ScreenLook(nil, .dim)
    if line.width + 2 + fact.meaning.utf8.count <= width {
      line.append("  " + fact.meaning, dim)
      return [line]
    }
    let indent = width >= 40 ? Self.margin : 2
    let blanks = String(repeating: " ", count: indent)
    return [line] + ScreenLine.wrapped(blanks + fact.meaning, to: width, indent: indent, dim)
  }

  private var facts: [Fact] {
    var facts = [
      Fact(
        name: "State", value: connection.state.label, meaning: connection.state.meaning,
        look: connection.state == .closeWait ? ScreenLook(.red) : .plain)
    ]
    facts += owners
    let rate = rates[scan.snapshot.key(of: connection)]
    facts += [
      fact("Idle", .idle, "time without payload in either direction"),
      fact("In state", .inState, "lower bound; known only for CLOSE-WAIT"),
      fact("Stalled", .stalled, "time without acknowledgement while data waits"),
      Fact(
        name: "Sent", value: Self.text(rate.sent),
        meaning: "acknowledged by the peer, between two scans"),
      Fact(
        name: "Received", value: Self.text(rate.received),
        meaning: "between two scans"),
      fact("Sent total", .bytesAcknowledged, "bytes acknowledged by the peer"),
      fact("Received total", .bytesReceived, "bytes received in order"),
      fact("Recv-Q", .receiveQueue, "bytes not yet read by the program"),
      fact("Send-Q", .sendQueue, "bytes written but not acknowledged by the peer"),
      fact("Unacked", .unacknowledged, "segments in flight"),
      fact("Resent", .retransmits, "retransmissions of the oldest segment or probe"),
      fact("Resent total", .totalRetransmits, "segments retransmitted so far"),
      fact("Last sent", .lastSent, "since data was sent, including probes and retries"),
      fact("Last received", .lastReceived, "since data was received"),
      fact("Last ack", .lastAcknowledged, "since the peer's last acknowledgement"),
      fact("Timer", .timer, "the kernel's current timer, and the time left"),
      fact("Round trip", .roundTrip, "smoothed round-trip time"),
      fact("Window", .congestionWindow, "congestion window: maximum segments in flight"),
      fact("Congestion", .congestion, "congestion control algorithm"),
      fact("User", .user, "creator of the socket"),
      fact("Cgroup", .controlGroup, ""),
      fact("Family", .family, "of the socket; IPv6 sockets may have IPv4 ends"),
      fact("Namespace", .networkNamespace, "network namespace"),
      fact("Inode", .inode, "number in /proc/PID/fd; – if no process holds it"),
      fact("Cookie", .cookie, "kernel identifier, used to close the socket"),
    ]
    return facts
      + [
        fact("Age", .age, "since 'policy apply' first saw it"),
        fact("Container", .container, ""), fact("Pod", .pod, ""), fact("Unit", .unit, ""),
        fact("Interface", .interface, "bound interface"),
        fact("Mark", .mark, "SO_MARK"),
      ].filter { $0.value != Self.unknown }
  }

  private static let unknown = "–"

  /// The processes that hold it.
  private var owners: [Fact] {
    var facts = [fact("Process", .process, "")]
    for holder in scan.snapshot.holders(of: connection) {
      guard let path = holder.executable else { continue }
      facts.append(
        Fact(
          name: "Executable", value: EscapedText.escaped(path),
          meaning: "of process \(holder.pid)"))
      if let command = scan.text.command(of: holder) {
        facts.append(Fact(name: "Command", value: EscapedText.escaped(command), meaning: ""))
      }
    }
    return facts
  }

  private func fact(_ name: String, _ column: ConnectionColumn, _ meaning: String) -> Fact {
    var text: [UInt8] = []
    scan.text.append(column, of: connection, to: &text)
    return Fact(name: name, value: String(decoding: text, as: UTF8.self), meaning: meaning)
  }

  private static func text(_ rate: UInt64?) -> String {
    rate.map { Count.bytes($0) + "/s" } ?? unknown
  }
}

extension ScreenLine {
  /// A bold name and its value, which continues on further lines instead of being cut.
  static func fact(
    _ name: String, _ value: String, _ look: ScreenLook = .plain, width: Int
  ) -> [ScreenLine] {
    let margin = TopDetails.margin
    return wrapped(value, to: max(1, width - margin), look).enumerated().map { index, line in
      let lead = ScreenLine(index == 0 ? name : "", ScreenLook(nil, .bold)).fitted(to: margin)
      return ScreenLine(lead.spans + line.spans)
    }
  }
}

extension TCPState {
  /// The meaning of the state for one connection.
  fileprivate var meaning: String {
    switch self {
    case .established: "open at both ends"
    case .closeWait: "the peer has closed, but the program here has not"
    case .synSent: "connecting; the peer has not answered yet"
    case .synReceived, .newSynReceived: "the peer has not completed the handshake"
    case .finWait1: "closed here; the peer has not acknowledged it"
    case .finWait2: "closed here, but not by the peer's program"
    case .closing: "both ends closed at once"
    case .lastAck: "both ends closed; one acknowledgement is missing"
    case .timeWait: "closed; the kernel keeps its ports for a minute"
    case .listen: "waiting for connections"
    case .closed, .boundInactive: "not connected"
    }
  }
}
