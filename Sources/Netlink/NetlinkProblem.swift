public import SystemPackage

/// Why a conversation with the kernel failed.
///
/// After any of these, the answer is unknown: discard rows that were already received.
public enum NetlinkProblem: Error, Equatable, Sendable {
  /// The socket could not be opened or bound.
  case cannotOpen(Errno)
  /// The network namespace could not be opened or entered.
  case cannotEnter(Errno)
  /// The request could not be sent.
  case cannotSend(Errno)
  /// An answer could not be received.
  case cannotReceive(Errno)
  /// The kernel dropped an answer because the socket's buffer was full (`ENOBUFS`).
  case overrun
  /// A datagram was longer than the buffer of `capacity` bytes (`MSG_TRUNC`).
  case truncated(capacity: Int)
  /// A datagram came from another program's netlink port, not from the kernel.
  case foreignSender(port: UInt32)
  /// A message belongs to another request.
  case wrongSequence(expected: UInt32, received: UInt32)
  /// The kernel reported that the dump is inconsistent (`NLM_F_DUMP_INTR`).
  case interrupted
  /// The kernel refused the request (`NLMSG_ERROR`, or a negative number in `NLMSG_DONE`).
  case refused(Errno)
  /// A datagram is not in the expected format.
  case malformed(MalformedDatagram)
  /// The answer ended without its final message.
  case unfinished
  /// The recording has no answer to this request.
  case notRecorded

  /// Whether a retry may succeed: the request itself is valid.
  public var isTransient: Bool {
    switch self {
    case .overrun, .truncated, .interrupted, .wrongSequence, .foreignSender: true
    case .refused(let errno): errno == .resourceBusy || errno == .resourceTemporarilyUnavailable
    case .cannotReceive(let errno), .cannotSend(let errno):
      errno == .noBufferSpace || errno == .resourceTemporarilyUnavailable
    case .cannotOpen, .cannotEnter, .malformed, .unfinished, .notRecorded: false
    }
  }
}

/// Where and how a datagram violates its format.
public struct MalformedDatagram: Error, Equatable, Sendable {
  /// The offset in the datagram; for an attribute or a row, in the payload of its message.
  public let offset: Int
  /// The kind of violation.
  public let fault: Fault

  /// Creates a fault at an offset.
  public init(_ fault: Fault, at offset: Int) {
    self.fault = fault
    self.offset = offset
  }

  /// The kinds of violation.
  public enum Fault: Equatable, Sendable {
    /// The rest is shorter than a message header (`struct nlmsghdr`).
    case shortMessageHeader(left: Int)
    /// The message's length is less than its header or more than the rest.
    case messageLength(UInt32, left: Int)
    /// The attribute's length is less than its header or more than the rest.
    case attributeLength(UInt16, left: Int)
    /// The payload is shorter than the expected structure.
    case shortPayload(needed: Int, left: Int)
    /// A field has an impossible value.
    case impossibleValue(UInt64)
  }
}

extension NetlinkProblem: CustomStringConvertible {
  /// The message for a user, without the remedy.
  public var description: String {
    switch self {
    case .cannotOpen(let errno): "cannot open a netlink socket: \(errno)"
    case .cannotEnter(let errno): "cannot enter the network namespace: \(errno)"
    case .cannotSend(let errno): "cannot send the request: \(errno)"
    case .cannotReceive(let errno): "cannot receive the kernel's answer: \(errno)"
    case .overrun: "the kernel dropped an answer: the socket buffer was full"
    case .truncated(let capacity): "a datagram was longer than \(capacity) bytes"
    case .foreignSender(let port): "a datagram came from netlink port \(port), not from the kernel"
    case .wrongSequence(let expected, let received):
      "expected an answer to request \(expected), got one to request \(received)"
    case .interrupted: "the kernel reported that the dump is inconsistent"
    case .refused(let errno): "the kernel refused the request: \(errno)"
    case .malformed(let datagram):
      "a datagram is malformed at offset \(datagram.offset): \(datagram.fault)"
    case .unfinished: "the kernel's answer is incomplete"
    case .notRecorded: "the recording has no answer to this request"
    }
  }
}
