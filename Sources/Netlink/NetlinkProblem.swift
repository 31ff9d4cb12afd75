public import SystemPackage

/// Why a conversation with the kernel failed.
///
/// After any of these nothing is known of what the answer would have said: rows that came before
/// are not an answer either.
public enum NetlinkProblem: Error, Equatable, Sendable {
  /// The socket could not be opened or bound.
  case cannotOpen(Errno)
  /// The network namespace could not be opened or entered.
  case cannotEnter(Errno)
  /// The request was not sent.
  case cannotSend(Errno)
  /// An answer could not be received.
  case cannotReceive(Errno)
  /// The kernel dropped an answer, since the socket's buffer was full (`ENOBUFS`).
  case overrun
  /// A datagram was longer than the buffer of `capacity` bytes (`MSG_TRUNC`).
  case truncated(capacity: Int)
  /// A datagram came from the netlink port of another program, not from the kernel.
  case foreignSender(port: UInt32)
  /// A message belongs to another request.
  case wrongSequence(expected: UInt32, received: UInt32)
  /// The kernel says that the dump is inconsistent (`NLM_F_DUMP_INTR`).
  case interrupted
  /// The kernel refused the request (`NLMSG_ERROR`, or a negative number in `NLMSG_DONE`).
  case refused(Errno)
  /// A datagram breaks the rules of its format.
  case malformed(MalformedDatagram)
  /// The answer held no message that ends it.
  case unfinished
  /// A recording has no answer to this request.
  case notRecorded

  /// Whether asking again may get an answer: nothing is wrong with the request itself.
  public var isPassing: Bool {
    switch self {
    case .overrun, .truncated, .interrupted, .wrongSequence, .foreignSender: true
    case .refused(let errno): errno == .resourceBusy || errno == .resourceTemporarilyUnavailable
    case .cannotReceive(let errno), .cannotSend(let errno):
      errno == .noBufferSpace || errno == .resourceTemporarilyUnavailable
    case .cannotOpen, .cannotEnter, .malformed, .unfinished, .notRecorded: false
    }
  }
}

/// The place at which a datagram breaks the rules of its format, and how.
public struct MalformedDatagram: Error, Equatable, Sendable {
  /// The offset in the datagram or, for an attribute or a row, in the payload of its message.
  public let offset: Int
  /// The rule that is broken.
  public let fault: Fault

  /// The fault at this offset.
  public init(_ fault: Fault, at offset: Int) {
    self.fault = fault
    self.offset = offset
  }

  /// The rules that can be broken.
  public enum Fault: Equatable, Sendable {
    /// What is left is shorter than a message header (`struct nlmsghdr`).
    case shortMessageHeader(left: Int)
    /// The message claims less than its header or more than is left.
    case messageLength(UInt32, left: Int)
    /// The attribute claims less than its header or more than is left.
    case attributeLength(UInt16, left: Int)
    /// The payload is shorter than the structure that it should hold.
    case shortPayload(needed: Int, left: Int)
    /// A field has a value that it cannot have.
    case impossibleValue(UInt64)
  }
}

extension NetlinkProblem: CustomStringConvertible {
  /// What happened, for a user, without the remedy.
  public var description: String {
    switch self {
    case .cannotOpen(let errno): "no netlink socket can be opened: \(errno)"
    case .cannotEnter(let errno): "the network namespace cannot be entered: \(errno)"
    case .cannotSend(let errno): "the request could not be sent: \(errno)"
    case .cannotReceive(let errno): "the kernel's answer could not be received: \(errno)"
    case .overrun: "the kernel dropped an answer, its buffer was full"
    case .truncated(let capacity): "a datagram was longer than \(capacity) bytes"
    case .foreignSender(let port): "a datagram came from netlink port \(port), not from the kernel"
    case .wrongSequence(let expected, let received):
      "an answer to request \(received) came for request \(expected)"
    case .interrupted: "the kernel says that the dump is inconsistent"
    case .refused(let errno): "the kernel refused: \(errno)"
    case .malformed(let datagram):
      "a datagram is malformed at offset \(datagram.offset): \(datagram.fault)"
    case .unfinished: "the kernel's answer ended too early"
    case .notRecorded: "the recording has no answer to this request"
    }
  }
}
