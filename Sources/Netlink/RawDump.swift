import CLinuxDiag
public import SystemPackage

/// The answers to socket dumps as `ss -D FILE` writes them: the kernel's messages, one behind the
/// other, of each family up to the message that ends its dump.
///
/// Which families were asked for is not in the file: one without rows has no sockets, or was left
/// out with `-4` or `-6`.
public struct RawDump: Equatable, Sendable {
  /// The messages that are rows, headers included, in the order of the file.
  public let rows: [ArraySlice<UInt8>]

  /// The messages of `bytes`.
  ///
  /// - Throws: ``RawDumpProblem`` unless all of it is what the kernel said, to the end.
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

  /// Whether `bytes` start as such a file does, with the header of a row or of an end.
  public static func isStart(of bytes: [UInt8]) -> Bool {
    guard bytes.count >= NetlinkMessage.headerLength,
      (UInt32(NetlinkMessage.headerLength)...0xffff).contains(bytes.span.uint32(at: 0))
    else { return false }
    let type = Int32(bytes.span.uint16(at: 4))
    return type == NLMSG_DONE || type == NLMSG_ERROR || type == SOCK_DIAG_BY_FAMILY
  }
}

/// Why a file is not a whole dump of `ss -D`.
public enum RawDumpProblem: Error, Equatable, Sendable {
  /// It ends, at this offset, before the dump does.
  case cutOff(at: Int)
  /// The kernel had refused the dump, or broken it off.
  case refused(Errno)
  /// A message is of another kind than socket dumps have.
  case unknownMessage(type: UInt16, at: Int)
}

extension RawDumpProblem: CustomStringConvertible {
  /// What is wrong, for a user, without the file's name.
  public var description: String {
    switch self {
    case .cutOff(let offset): "the dump is cut off at byte \(offset)"
    case .refused(let errno): "the kernel had not finished the dump: \(errno)"
    case .unknownMessage(let type, let offset):
      "byte \(offset) starts a message of type \(type), which is none of a dump of sockets"
    }
  }
}

/// Answers dump requests with the rows of a ``RawDump`` that are of the family and in the states
/// asked for. It has no answer to any other request.
public final class RawDumpTransport: NetlinkTransport {
  private let dump: RawDump
  private var answers: [[UInt8]] = []

  /// Answers with what `dump` holds.
  public init(_ dump: RawDump) {
    self.dump = dump
  }

  /// Takes a request for a dump, and makes its answer ready.
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

  /// Gives the next message of the answer, a datagram of its own.
  public func receive(into buffer: inout [UInt8]) throws(NetlinkProblem) -> ReceivedDatagram {
    guard let answer = answers.popLast() else { throw .unfinished }
    let count = min(answer.count, buffer.count)
    buffer.replaceSubrange(..<count, with: answer[..<count])
    return ReceivedDatagram(count: count, isTruncated: count < answer.count)
  }
}
