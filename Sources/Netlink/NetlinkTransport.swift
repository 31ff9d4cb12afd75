/// Moves datagrams to and from the kernel, or something that stands for it.
///
/// The seam is at datagrams, not messages: what can go wrong in between (truncation, several
/// messages in one datagram, an error in the middle) can then be made to happen.
public protocol NetlinkTransport: AnyObject {
  /// Sends one datagram.
  func send(_ datagram: [UInt8]) throws(NetlinkProblem)

  /// Waits for one datagram and writes it to the start of `buffer`, whose size does not change.
  func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram
}

/// What is known of a datagram beside its bytes.
public struct ReceivedDatagram: Equatable, Sendable {
  /// How many bytes of the buffer it fills.
  public let count: Int
  /// The netlink port that it came from; 0 is the kernel (`nl_pid`).
  public let senderPort: UInt32
  /// Whether it was longer than the buffer (`MSG_TRUNC`).
  public let isTruncated: Bool

  /// A datagram of `count` bytes.
  public init(count: Int, senderPort: UInt32 = 0, isTruncated: Bool = false) {
    self.count = count
    self.senderPort = senderPort
    self.isTruncated = isTruncated
  }
}
