package import Connections
import Operations
import Presentation
import Rendering
import Reports
import Scanning
package import Screens

/// All that is known of one connection, each with what it means.
package struct TopDetails {
  package let connection: Connection
  package let scan: TopScan
  package let rates: TransferRates

  package func lines(width: Int) -> [ScreenLine] {
    facts.flatMap { line($0, width: width) }
  }

  private struct Fact {
    let name: String
    let value: String
    let meaning: String
    var look = ScreenLook.plain
  }

  private static let margin = 16
  private static let valueWidth = 11

  private func line(_ fact: Fact, width: Int) -> [ScreenLine] {
    var line = ScreenLine(fact.name, ScreenLook(nil, .bold)).fitted(
      to: width >= 40 ? Self.margin : fact.name.utf8.count + 1)
    line.append(fact.value, fact.look)
    if width >= 70, !fact.meaning.isEmpty {
      // What they mean stands below each other, after values of the usual length.
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
      fact("Idle", .idle, "no payload in either direction for so long"),
      fact("In state", .inState, "so long at least; known for CLOSE-WAIT"),
      fact("Stalled", .stalled, "so long nothing was acknowledged, while data waits"),
      Fact(
        name: "Sent", value: Self.text(rate.sent),
        meaning: "acknowledged by the peer, between two scans"),
      Fact(
        name: "Received", value: Self.text(rate.received),
        meaning: "between two scans"),
      fact("Sent total", .bytesAcknowledged, "bytes that the peer has acknowledged"),
      fact("Received total", .bytesReceived, "bytes, in order"),
      fact("Recv-Q", .receiveQueue, "bytes here that the program has not read"),
      fact("Send-Q", .sendQueue, "bytes written and not acknowledged by the peer"),
      fact("Unacked", .unacknowledged, "segments on their way"),
      fact("Resent", .retransmits, "of the oldest segment, or of the probe, so far"),
      fact("Resent total", .totalRetransmits, "segments sent again in its life"),
      fact("Last sent", .lastSent, "since data was sent; probes and repeats count"),
      fact("Last received", .lastReceived, "since data was received"),
      fact("Last ack", .lastAcknowledged, "since the peer acknowledged anything"),
      fact("Timer", .timer, "what the kernel waits for, and how much longer"),
      fact("Round trip", .roundTrip, "the smoothed time to the peer and back"),
      fact("Window", .congestionWindow, "segments that may be on their way at once"),
      fact("Congestion", .congestion, "the algorithm that controls the window"),
      fact("User", .user, "who made the socket"),
      fact("Cgroup", .controlGroup, ""),
      fact("Family", .family, "of the socket; an IPv6 one may have IPv4 ends"),
      fact("Namespace", .networkNamespace, "the network namespace"),
      fact("Inode", .inode, "the number in /proc/PID/fd; – if no process has it"),
      fact("Cookie", .cookie, "what names it to the kernel, by which it is closed"),
    ]
    return facts
      + [
        fact("Age", .age, "since when runs of 'policy apply' know it"),
        fact("Container", .container, ""), fact("Pod", .pod, ""), fact("Unit", .unit, ""),
        fact("Interface", .interface, "what it is bound to"),
        fact("Mark", .mark, "SO_MARK"),
      ].filter { $0.value != Self.unknown }
  }

  private static let unknown = "–"

  /// Who has it.
  private var owners: [Fact] {
    var facts = [fact("Process", .process, "")]
    for holder in scan.snapshot.holders(of: connection) {
      guard let path = holder.executable else { continue }
      facts.append(
        Fact(
          name: "Executable", value: EscapedText.escaped(path),
          meaning: "of process \(holder.pid)"))
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

extension TCPState {
  /// What it means of one connection.
  fileprivate var meaning: String {
    switch self {
    case .established: "open at both ends"
    case .closeWait: "the peer has closed, and the program here has not"
    case .synSent: "asks the peer for a connection, and has no answer yet"
    case .synReceived, .newSynReceived: "the peer asks, and has not finished the handshake"
    case .finWait1: "closed here; the peer has not acknowledged that"
    case .finWait2: "closed here; the peer's program has not closed its end"
    case .closing: "both ends have closed at once"
    case .lastAck: "both ends have closed; one acknowledgement is left"
    case .timeWait: "over; the kernel keeps its ports for a minute"
    case .listen: "waits for connections"
    case .closed, .boundInactive: "not connected"
    }
  }
}
