package import Netlink

/// Returns the datagrams of a script, whatever is sent, and records what is sent.
package final class ScriptedTransport: NetlinkTransport {
  /// The datagrams sent, in order.
  package private(set) var sent: [[UInt8]] = []
  private var script: [Step]

  /// One answer.
  package enum Step {
    /// Receiving returns this datagram.
    case datagram([UInt8], senderPort: UInt32 = 0, isTruncated: Bool = false)
    /// Receiving fails with this problem.
    case failure(NetlinkProblem)
  }

  /// Creates a transport that answers with `script`.
  package init(_ script: [Step]) {
    self.script = script.reversed()
  }

  /// Creates a transport that answers with these datagrams.
  package convenience init(_ datagrams: [UInt8]...) {
    self.init(datagrams.map { .datagram($0) })
  }

  /// Records the datagram.
  package func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    sent.append(datagram)
  }

  /// Executes the next step of the script.
  package func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    switch script.popLast() {
    case .datagram(let bytes, let senderPort, let isTruncated):
      buffer.replaceSubrange(..<bytes.count, with: bytes)
      return ReceivedDatagram(
        count: bytes.count, senderPort: senderPort, isTruncated: isTruncated)
    case .failure(let problem): throw problem
    case nil: throw .unfinished
    }
  }
}
