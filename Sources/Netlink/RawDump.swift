import CLinuxDiag
public import SystemPackage

/// Socket dumps as `ss -D FILE` writes them: the kernel's messages in sequence, each family up to
/// the message that ends its dump.
///
/// The file does not record which families were requested: one without rows has no sockets, or
/// `-4` or `-6` excluded it.
public struct RawDump: Equatable, Sendable {
  /// The row messages, including headers, in the order of the file.
  public let rows: [ArraySlice<UInt8>]

  /// Parses `bytes`.
  ///
  /// - Throws: ``RawDumpProblem`` unless the file contains complete, successful dumps.
  public init(_ bytes: [UInt8]) throws(RawDumpProblem) {
    var rows: [ArraySlice<UInt8>] = []
    var isFinished = false
    var offset = 0
    while offset < bytes.count {
      let start = offset
      let message: NetlinkMessage
      do throws(NetlinkProblem) {
        message = try NetlinkMessage.read(from: bytes.span, at: &offset)
      } catch {
        throw .cutOff(at: start)
      }
      isFinished = false
      switch Int32(message.type) {
      case NLMSG_DONE, NLMSG_ERROR:
        guard message.payload.count >= 4 else { throw .cutOff(at: start) }
        let code = Int32(bitPattern: bytes.span.uint32(at: message.payload.lowerBound))
        guard code == 0 else { throw .refused(Errno(rawValue: 0 &- code)) }
        isFinished = true
      case SOCK_DIAG_BY_FAMILY:
        guard message.payload.count >= 2 else { throw .cutOff(at: start) }
        rows.append(bytes[start..<message.payload.upperBound])
      case NLMSG_NOOP: break
      default: throw .unknownMessage(type: message.type, at: start)
      }
    }
    guard isFinished else { throw .cutOff(at: bytes.count) }
    self.rows = rows
  }

  /// Whether `bytes` start like such a file: with the header of a row or of an end message.
  public static func isStart(of bytes: [UInt8]) -> Bool {
    guard bytes.count >= NetlinkMessage.headerLength,
      (UInt32(NetlinkMessage.headerLength)...0xffff).contains(bytes.span.uint32(at: 0))
    else { return false }
    let type = Int32(bytes.span.uint16(at: 4))
    return type == NLMSG_DONE || type == NLMSG_ERROR || type == SOCK_DIAG_BY_FAMILY
  }
}

/// Why a file is not a complete dump of `ss -D`.
public enum RawDumpProblem: Error, Equatable, Sendable {
  /// The file ends at this offset, before the dump does.
  case cutOff(at: Int)
  /// The kernel refused or aborted the dump.
  case refused(Errno)
  /// A message has a type that socket dumps do not contain.
  case unknownMessage(type: UInt16, at: Int)
}

extension RawDumpProblem: CustomStringConvertible {
  /// The message for a user, without the file's name.
  public var description: String {
    switch self {
    case .cutOff(let offset): "the dump is truncated at byte \(offset)"
    case .refused(let errno): "the kernel did not finish the dump: \(errno)"
    case .unknownMessage(let type, let offset):
      "not a socket dump: unexpected message type \(type) at byte \(offset)"
    }
  }
}

/// Answers dump requests with the rows of a ``RawDump`` in the requested family and states.
///
/// It answers no other requests.
public final class RawDumpTransport: NetlinkTransport {
  private let dump: RawDump
  private var answers: [[UInt8]] = []

  /// Creates a transport that answers from `dump`.
  public init(_ dump: RawDump) {
    self.dump = dump
  }

  /// Accepts a dump request and prepares its answer.
  public func send(_ datagram: [UInt8]) throws(NetlinkProblem) {
    var offset = 0
    let request = try NetlinkMessage.read(from: datagram.span, at: &offset)
    let start = request.payload.lowerBound
    guard request.flags & UInt16(NLM_F_DUMP) == UInt16(NLM_F_DUMP) else { throw .notRecorded }
    let family: UInt8?
    let states: UInt32
    switch Int32(request.type) {
    case SOCK_DIAG_BY_FAMILY where request.payload.count >= 8:
      (family, states) = (datagram[start], datagram.span.uint32(at: start + 4))
    case TCPDIAG_GETSOCK where request.payload.count >= 60:
      (family, states) = (nil, datagram.span.uint32(at: start + 52))
    default: throw .notRecorded
    }
    var number: [UInt8] = []
    number.appendNative(request.sequence)
    var answers: [[UInt8]] = []
    for row in dump.rows {
      let payload = row.startIndex + NetlinkMessage.headerLength
      let state = UInt32(row[payload + 1])
      guard family == nil || row[payload] == family, state < 32, states & 1 << state != 0 else {
        continue
      }
      var answer = Array(row)
      answer.replaceSubrange(8..<12, with: number)
      answers.append(answer)
    }
    answers.append(
      NetlinkMessage.request(
        type: UInt16(NLMSG_DONE), flags: UInt16(NLM_F_MULTI), sequence: request.sequence,
        payload: [0, 0, 0, 0]))
    self.answers = answers.reversed()
  }

  /// Returns the next message of the answer as a datagram of its own.
  public func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    guard let answer = answers.popLast() else { throw .unfinished }
    let count = min(answer.count, buffer.count)
    buffer.replaceSubrange(..<count, with: answer[..<count])
    return ReceivedDatagram(count: count, isTruncated: count < answer.count)
  }
}
