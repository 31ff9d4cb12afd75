/// Sends datagrams to the kernel and receives its answers. Tests and replays stand in for it.
///
/// The interface carries datagrams, not messages, so that tests can produce truncation, several
/// messages in one datagram, and errors in the middle.
public protocol NetlinkTransport: AnyObject {
  /// Sends one datagram.
  func send(_ datagram: [UInt8]) throws(NetlinkProblem)

  /// Waits for one datagram and writes it to the start of `buffer`, whose size does not change.
  func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram
}

/// The metadata of a received datagram.
public struct ReceivedDatagram: Equatable, Sendable {
  /// The number of bytes in the buffer.
  public let count: Int
  /// The sender's netlink port; 0 is the kernel (`nl_pid`).
  public let senderPort: UInt32
  /// Whether the datagram was longer than the buffer (`MSG_TRUNC`).
  public let isTruncated: Bool

  /// Creates the metadata of a datagram of `count` bytes.
  public init(count: Int, senderPort: UInt32 = 0, isTruncated: Bool = false) {
    self.count = count
    self.senderPort = senderPort
    self.isTruncated = isTruncated
  }
}
