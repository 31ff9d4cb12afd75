public import Netlink

/// Gives the datagrams of a script, whatever is sent; notes what was sent.
public final class ScriptedTransport: NetlinkTransport {
  public private(set) var sent: [[UInt8]] = []
  private var script: [Step]

  public enum Step {
    case datagram([UInt8], senderPort: UInt32 = 0, isTruncated: Bool = false)
    case failure(NetlinkProblem)
  }

  public init(_ script: [Step]) {
    self.script = script.reversed()
  }

  public convenience init(_ datagrams: [UInt8]...) {
    self.init(datagrams.map { .datagram($0) })
  }

  public func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    sent.append(datagram)
  }

  public func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
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
