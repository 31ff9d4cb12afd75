import CLinuxDiag
import SystemPackage

/// Requests and their answers over one transport.
public struct NetlinkConversation {
  /// The transport for requests and answers.
  public let transport: any NetlinkTransport
  var sequence: UInt32
  private(set) var buffer: [UInt8]

  /// The receive buffer's size: the kernel fills dump datagrams up to the buffer, at most 32 KiB.
  public static let bufferSize = 32 * 1024

  /// Creates a conversation over `transport`; its requests are numbered from 1.
  public init(over transport: any NetlinkTransport) {
    self.transport = transport
    sequence = 0
    buffer = [UInt8](repeating: 0, count: Self.bufferSize)
  }

  /// Requests a dump and calls `each` with the payload of every message of the answer.
  ///
  /// If this throws, discard everything that `each` received.
  ///
  /// - Parameter each: receives a datagram and the range of a payload in it. It must not send
  ///   anything over this conversation.
  public mutating func dump(
    type: UInt16, payload: [UInt8],
    each: (Span<UInt8>, Range<Int>) throws(NetlinkProblem) -> Void
  ) throws(NetlinkProblem) {
    try send(type: type, flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), payload: payload)
    var isInterrupted = false
    while true {
      let count = try receive()
      let datagram = buffer.span.extracting(first: count)
      var offset = 0
      while offset < count {
        let message = try NetlinkMessage.read(from: datagram, at: &offset)
        try check(message)
        if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { isInterrupted = true }
        switch Int32(message.type) {
        case NLMSG_DONE:
          try Self.checkErrno(in: datagram, message.payload, isRequired: false)
          if isInterrupted { throw .interrupted }
          return
        case NLMSG_ERROR:
          try Self.checkErrno(in: datagram, message.payload, isRequired: true)
        case NLMSG_NOOP: break
        case NLMSG_OVERRUN: throw .overrun
        default: try each(datagram, message.payload)
        }
      }
    }
  }

  /// Requests one message and reads its payload.
  ///
  /// - Throws: `refused(.noSuchFileOrDirectory)` when the kernel finds nothing.
  public mutating func lookUp<Answer>(
    type: UInt16, payload: [UInt8],
    read: (Span<UInt8>, Range<Int>) throws(NetlinkProblem) -> Answer
  ) throws(NetlinkProblem) -> Answer {
    try send(type: type, flags: UInt16(NLM_F_REQUEST), payload: payload)
    let (datagramCount, message) = try receiveAnswer()
    let datagram = buffer.span.extracting(first: datagramCount)
    guard Int32(message.type) != NLMSG_ERROR else {
      try Self.checkErrno(in: datagram, message.payload, isRequired: true)
      throw .unfinished
    }
    return try read(datagram, message.payload)
  }

  /// Sends a command and waits for its acknowledgement.
  ///
  /// - Throws: `refused` when the kernel refuses. After any other error it may have been executed.
  public mutating func command(type: UInt16, payload: [UInt8]) throws(NetlinkProblem) {
    try send(type: type, flags: UInt16(NLM_F_REQUEST | NLM_F_ACK), payload: payload)
    let (datagramCount, message) = try receiveAnswer()
    guard Int32(message.type) == NLMSG_ERROR else { throw .unfinished }
    try Self.checkErrno(
      in: buffer.span.extracting(first: datagramCount), message.payload, isRequired: true)
  }

  private mutating func send(
    type: UInt16, flags: UInt16, payload: [UInt8]
  ) throws(NetlinkProblem) {
    sequence &+= 1
    let datagram = NetlinkMessage.request(
      type: type, flags: flags, sequence: sequence, payload: payload)
    try transport.send(datagram)
  }

  mutating func receive() throws(NetlinkProblem) -> Int {
    let received = try transport.receive(into: &buffer)
    guard received.senderPort == 0 else { throw .foreignSender(port: received.senderPort) }
    guard !received.isTruncated else { throw .truncated(capacity: buffer.count) }
    guard received.count > 0 else { throw .unfinished }
    return received.count
  }

  private mutating func receiveAnswer() throws(NetlinkProblem) -> (Int, NetlinkMessage) {
    let count = try receive()
    var offset = 0
    let message = try NetlinkMessage.read(
      from: buffer.span.extracting(first: count), at: &offset)
    try check(message)
    return (count, message)
  }

  private func check(_ message: NetlinkMessage) throws(NetlinkProblem) {
    guard message.sequence == sequence else {
      throw .wrongSequence(expected: sequence, received: message.sequence)
    }
  }

  /// Checks the negative errno at the start of NLMSG_ERROR and NLMSG_DONE; 0 is success.
  static func checkErrno(
    in datagram: Span<UInt8>, _ payload: Range<Int>, isRequired: Bool
  ) throws(NetlinkProblem) {
    guard payload.count >= 4 else {
      guard isRequired else { return }
      throw .malformed(
        MalformedDatagram(.shortPayload(needed: 4, left: payload.count), at: payload.lowerBound))
    }
    let code = Int32(bitPattern: datagram.uint32(at: payload.lowerBound))
    guard code != 0 else { return }
    guard code < 0, code > -4096 else {
      throw .malformed(
        MalformedDatagram(
          .impossibleValue(UInt64(UInt32(bitPattern: code))), at: payload.lowerBound))
    }
    throw .refused(Errno(rawValue: -code))
  }
}
